"""The list of stories, and the one that is open beside it, for the question in a URL."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import push_url

from pingadmin.audit.entries import entries
from pingadmin.audit.integrity.status import current_status
from pingadmin.audit.log import filter_chips
from pingadmin.audit.log.filters import Question
from pingadmin.audit.log.pagination import Page, page_of, seq_of
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.review import reviews
from pingadmin.audit.review.forms import ReviewForm

SUGGESTED_FROM = 500


def show(
    request: HttpRequest, *, opened: entries.Story | None = None, status: int = 200, **more
) -> HttpResponse:
    """The whole page, or the list alone for htmx. opened: the story beside it, whatever the URL names."""
    question = Question(request.GET)
    context = {
        "question": question,
        "result_chips": filter_chips.for_results(question),
        "queue_chips": filter_chips.for_queue(question, counted="counts" in request.GET),
        "suggestions": _suggestions(),
        "query": question.urlencode(**place_of(request)),
    }
    if question.is_valid():
        context |= _found(request, question, opened) | more
    else:
        status = 400
    is_fragment = request.htmx.target == "log"
    if not is_fragment:
        context["integrity_status"] = current_status()
    response = render(
        request, "audit/_log.html" if is_fragment else "audit/log.html", context, status=status
    )
    if is_fragment and request.method == "GET":
        push_url(
            response,
            filter_chips.address_of(question, **place_of(request, "before", "after", "story")),
        )
    return response


def place_of(request: HttpRequest, *names: str) -> dict[str, str]:
    """Where on the list the URL stands, beside its question."""
    return {name: request.GET[name] for name in names or ("before", "after") if name in request.GET}


def review_context(request: HttpRequest, story: entries.Story) -> dict:
    """What the form beside a story needs."""
    if not story.review or not request.user.has_perm("audit.review"):
        return {}
    return {
        "has_acted": story.has_hand_of(str(request.user.pk)),
        "progress": reviews.progress_this_week(),
        "form": ReviewForm(),
    }


def mark_of(request: HttpRequest) -> AuditEvent | None:
    """The mark that this person has just put, as the URL says."""
    seq = seq_of(request.GET.get("marked"))
    if seq is None:
        return None
    return reviews.marks().filter(seq=seq, actor_id=str(request.user.pk)).first()


def _found(request: HttpRequest, question: Question, opened: entries.Story | None) -> dict:
    heads = question.queryset()
    page = page_of(heads, request.GET)
    opened = opened or _opened(request, question, page)
    found = {
        "page": page,
        "count": heads.count(),
        "newer": page.newer and filter_chips.address_of(question, after=page.newer),
        "older": page.older and filter_chips.address_of(question, before=page.older),
        "opened": opened,
        "is_focus_wanted": "story" in request.GET,
        "marked": mark_of(request),
    }
    return found | (review_context(request, opened) if opened else {})


def _opened(request: HttpRequest, question: Question, page: Page) -> entries.Story | None:
    """The story that the URL names; in a reviewer's queue, else the first on the page that waits for them."""
    seq = seq_of(request.GET.get("story"))
    if seq:
        return next(iter(entries.of(entries.all_heads().filter(seq=seq))), None)
    if question.asked.get("review") != "pending" or not request.user.has_perm("audit.review"):
        return None
    return next(
        (story for story in page.entries if not story.has_hand_of(str(request.user.pk))), None
    )


def _suggestions() -> dict[str, dict[str, str]]:
    """What fields may be filled with: value -> label, from the newest events and the settings."""
    newest = list(
        AuditEvent.objects.order_by("-seq").values("actor_name", "action", "alias")[:SUGGESTED_FROM]
    )
    labels = {alias: upstream["LABEL"] for alias, upstream in settings.UPSTREAMS.items()}
    return {
        "actor": {name: name for name in sorted({event["actor_name"] for event in newest})},
        "action": {action: action for action in sorted({event["action"] for event in newest})},
        "alias": {event["alias"]: event["alias"] for event in newest if event["alias"]} | labels,
    }
