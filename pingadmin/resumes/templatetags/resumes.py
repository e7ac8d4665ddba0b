from django import template

from pingadmin.resumes.panel import panel_for
from pingadmin.resumes.pausing import who_paused

register = template.Library()


@register.inclusion_tag("resumes/_panel.html", takes_context=True)
def resume_panel(context, session):
    """The resume panel of a session, for the signed-in person: the page's own, where it has made one already."""
    panel = context.get("panel") or panel_for(
        session,
        context["request"].user,
        pressed=context.get("pressed"),
        problem=context.get("press_problem", ""),
        unrecorded=context.get("unrecorded"),
    )
    return {
        "panel": panel,
        "address": context["address"],
        "is_answer": context.get("is_answer", False),
        "was_pressed": context.get("was_pressed", False),
        "close_form": context.get("close_form"),
        "close_of": context.get("close_of"),
        "csrf_token": context["csrf_token"],
        "user": context["request"].user,
    }


register.simple_tag(who_paused)
