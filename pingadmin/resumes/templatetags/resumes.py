from django import template

from pingadmin.resumes.models import ResumeAttempt
from pingadmin.resumes.panel import panel_for, show

register = template.Library()


@register.inclusion_tag("resumes/_panel.html", takes_context=True)
def resume_panel(context, session):
    """The resume panel of a session, for the signed-in person."""
    panel = panel_for(
        session,
        context["request"].user,
        form=context.get("resume_form"),
        problem=context.get("resume_problem", ""),
        unrecorded=context.get("unrecorded"),
    )
    return {
        "panel": panel,
        "address": context["address"],
        "was_pressed": context.get("was_pressed", False),
        "close_form": context.get("close_form"),
        "csrf_token": context["csrf_token"],
        "user": context["request"].user,
    }


@register.inclusion_tag("resumes/_unsettled.html")
def unsettled_resumes():
    """The resumes of which nobody knows what they did, newest first, for the front door."""
    attempts = (
        ResumeAttempt.objects.filter(result="unknown", settled_at=None)
        .select_related("session")
        .order_by("-opened_at")[:20]
    )
    return {"unsettled": [show(attempt) for attempt in attempts]}
