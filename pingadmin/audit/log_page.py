"""The list of stories with the one that is open beside it, for a question in the URL."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import push_url

from pingadmin.audit import facets, reviews, stories
from pingadmin.audit.filters import RESULTS, Question
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.pages import Page, page_of, seq_of

SUGGESTED_FROM = 500


@dataclass(frozen=True)
class Chip:
    """name: what its count is found under, '' for none."""

    label: str
    address: str
    is_on: bool
    name: str = ""


def show(request: HttpRequest, *, open_seq: int | None = None, status: int = 200, **more) -> HttpResponse:
    """The whole page, or the list alone for htmx. open_seq: the story to open, whatever the URL names."""
    question = Question(request.GET)
    is_sound = question.is_valid()
    context = {
        "question": question,
        "result_chips": result_chips(question),
        "queue_chips": queue_chips(question),
        "suggestions": _suggestions(),
        "query": question.urlencode(**_place(request)),
    }
    if is_sound:
        context |= _found(request, question, open_seq) | more
    is_fragment = request.htmx.target == "log"
    template = "audit/_log.html" if is_fragment else "audit/log.html"
    response = render(request, template, context, status=status if is_sound else 400)
    return push_url(response, _pushed(request, question)) if is_fragment and request.method == "GET" else response


def address_of(question: Question, **changed) -> str:
    """The list's address for this question, without the blanks that a form sends."""
    query = question.urlencode(**changed)
    return f"{reverse('audit:log')}?{query}" if query else reverse("audit:log")


def result_chips(question: Question) -> list[Chip]:
    chosen = question.asked.get("result", "")
    return [
        Chip(label, address_of(question, result=result), result == chosen)
        for result, label in {"": "Any result", **RESULTS}.items()
    ]


def queue_chips(question: Question) -> list[Chip]:
    """How stories stand in the queue, then what deserves a look. Each can be pressed again to drop it."""
    asked = question.asked
    offered = [("review", name, label) for name, label in reviews.STATES.items()]
    offered += [("facet", name, label) for name, label in facets.choices().items()]
    return [
        Chip(label, address_of(question, **{field: "" if is_on else name}), is_on, name)
        for field, name, label in offered
        for is_on in [asked.get(field) == name]
    ]


def counts(question: Question) -> dict[str, int]:
    """For each chip of the queue, how many stories it shows beside the rest of the question: exact."""
    offered = [("review", name) for name in reviews.STATES] + [("facet", name) for name in facets.choices()]
    return {name: _count(question.with_(**{field: name})) for field, name in offered}


def _found(request: HttpRequest, question: Question, open_seq: int | None) -> dict:
    heads = question.queryset()
    page = page_of(heads, request.GET)
    opened = _opened(request, question, page, open_seq)
    marked = seq_of(request.GET.get("marked"))
    return {
        "page": page,
        "count": heads.count(),
        "newer": page.newer and address_of(question, after=page.newer),
        "older": page.older and address_of(question, before=page.older),
        "opened": opened,
        "is_asked_for": "story" in request.GET,
        "marked": marked and AuditEvent.objects.filter(seq=marked, phase="mark", actor_id=request.user.pk).first(),
    } | (review_context(request, opened) if opened else {})


def review_context(request: HttpRequest, story: stories.Story) -> dict:
    """What the form beside a story needs."""
    return {
        "acted": story.has_hand_of(str(request.user.pk)),
        "progress": reviews.progress_this_week(),
        "form": ReviewForm(),
    }


class ReviewForm(forms.Form):
    """mark: how the story then stands; seen: the last event of it that the reviewer was shown."""

    mark = forms.ChoiceField(choices=[("reviewed", "Reviewed"), ("flagged", "Flagged")])
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(min_value=1, max_value=2**63 - 1)


def _opened(request: HttpRequest, question: Question, page: Page, seq: int | None) -> stories.Story | None:
    """The story that the URL names; in the queue, else the first that waits."""
    seq = seq or seq_of(request.GET.get("story"))
    if seq:
        return next(iter(stories.of(stories.all_heads().filter(seq=seq))), None)
    is_queue = question.asked.get("review") == "pending" and request.user.has_perm("audit.review")
    return page.stories[0] if is_queue and page.stories else None


def _count(question: Question) -> int:
    return question.queryset().count() if question.is_valid() else 0


def _suggestions() -> dict[str, dict[str, str]]:
    """What fields may be filled with: value -> label, from the newest events and the settings."""
    newest = list(AuditEvent.objects.order_by("-seq").values("actor_name", "action", "alias")[:SUGGESTED_FROM])
    labels = {alias: upstream["LABEL"] for alias, upstream in settings.UPSTREAMS.items()}
    return {
        "actor": {name: name for name in sorted({event["actor_name"] for event in newest})},
        "action": {action: action for action in sorted({event["action"] for event in newest})},
        "alias": {event["alias"]: event["alias"] for event in newest if event["alias"]} | labels,
    }


def _place(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("before", "after") if name in request.GET}


def _pushed(request: HttpRequest, question: Question) -> str:
    story = {"story": request.GET["story"]} if "story" in request.GET else {}
    return address_of(question, **_place(request), **story)
