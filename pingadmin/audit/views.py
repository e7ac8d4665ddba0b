"""The audit log as pages: a list of stories, and one story. Reading only."""

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from pingadmin.audit import stories
from pingadmin.audit.filters import RESULTS, Question
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.pages import page_of

SUGGESTED_FROM = 500


@require_safe
@permission_required("audit.read", raise_exception=True)
def log(request: HttpRequest) -> HttpResponse:
    """Stories that match the question in the URL, newest first, with their exact number."""
    question = Question(request.GET)
    context = {"question": question, "chips": _chips(question), "suggestions": _suggestions()}
    is_sound = question.is_valid()
    if is_sound:
        heads = question.queryset()
        page = page_of(heads, request.GET)
        context |= {
            "page": page,
            "count": heads.count(),
            "newer": page.newer and _address(question, after=page.newer),
            "older": page.older and _address(question, before=page.older),
        }
    is_fragment = request.htmx.target == "log"
    template = "audit/_log.html" if is_fragment else "audit/log.html"
    response = render(request, template, context, status=200 if is_sound else 400)
    return push_url(response, _address(question, **_place(request))) if is_fragment else response


@require_safe
@permission_required("audit.read", raise_exception=True)
def story(request: HttpRequest, seq: int) -> HttpResponse:
    """One story as a timeline; the address of a later event leads to its place in it."""
    event = get_object_or_404(AuditEvent, seq=seq)
    if event.story != event.seq:
        return redirect(f"{reverse('audit:story', args=[event.story])}#event-{event.seq}")
    return render(request, "audit/story.html", {"story": stories.of([event])[0]})


def _chips(question: Question) -> list[tuple[str, str, bool]]:
    """The results to choose from: label, address, whether it is the one asked for."""
    chosen = question.asked.get("result", "")
    return [
        (label, _address(question, result=result), result == chosen)
        for result, label in {"": "Any result", **RESULTS}.items()
    ]


def _suggestions() -> dict[str, dict[str, str]]:
    """What fields may be filled with: value -> label, from the newest events and the settings."""
    newest = list(AuditEvent.objects.order_by("-seq").values("actor_name", "action", "alias")[:SUGGESTED_FROM])
    labels = {alias: upstream["LABEL"] for alias, upstream in settings.UPSTREAMS.items()}
    return {
        "actor": {name: name for name in sorted({event["actor_name"] for event in newest})},
        "action": {action: action for action in sorted({event["action"] for event in newest})},
        "alias": {event["alias"]: event["alias"] for event in newest if event["alias"]} | labels,
    }


def _address(question: Question, **changed) -> str:
    """The list's address for this question, without the blanks that a form sends."""
    query = question.urlencode(**changed)
    return f"{reverse('audit:log')}?{query}" if query else reverse("audit:log")


def _place(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("before", "after") if name in request.GET}
