"""The review queue: a mark on a story and on to the next, and how many stories wait under each chip."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.entries import entries
from pingadmin.audit.log import filter_chips, page
from pingadmin.audit.log.filters import Question
from pingadmin.audit.log.pagination import page_of
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from pingadmin.audit.review.forms import ReviewForm


@require_POST
@permission_required("audit.review", raise_exception=True)
def review(request: HttpRequest, seq: int) -> HttpResponse:
    """Mark a story. From the list on to the next one of the question in the URL, from the story's page back to it."""
    head = get_object_or_404(entries.all_heads(), seq=seq)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _refused(request, head, form, 400)
    given = form.cleaned_data
    try:
        marked = reviews.mark(
            story=seq,
            word=given["mark"],
            note=given["note"],
            seen=given["seen"],
            by=Actor.of(request),
        )
    except reviews.NoteMissing as missing:
        form.add_error("note", str(missing))
        return _refused(request, head, form, 400)
    except reviews.NotMarked as problem:
        form.add_error(None, str(problem))
        return _refused(request, head, form, 403)
    for other in marked.meanwhile:
        messages.warning(
            request,
            f"#{seq}: {other.actor_name} marked it {entries.MARKS[other.action]} while you looked at it. "
            "Both marks stay; yours is the later one and counts.",
        )
    return redirect(_after(request, seq, marked.event.seq))


@require_safe
@permission_required("audit.read", raise_exception=True)
def counts(request: HttpRequest) -> HttpResponse:
    """How many stories each chip of the queue shows, put into the chips of the page that asks."""
    queue_chips = filter_chips.for_queue(Question(request.GET), counted=True)
    return render(request, "audit/_counts.html", {"queue_chips": queue_chips})


def _refused(request: HttpRequest, head, form: ReviewForm, status: int) -> HttpResponse:
    told = entries.of([head])[0]
    context = page.review_context(request, told) | {"form": form}
    if _is_from_story(request):
        return render(request, "audit/story.html", {"story": told} | context, status=status)
    return page.show(request, opened=told, status=status, **context)


def _after(request: HttpRequest, seq: int, marked: int) -> str:
    """Where to go on: the next story of the question, on the page of the list that holds it."""
    question = Question(request.GET)
    if _is_from_story(request) or not question.is_valid():
        return f"{reverse('audit:story', args=[seq])}?marked={marked}"
    heads = question.queryset()
    waiting = heads if question.asked.get("review") else reviews.in_state(heads, "pending")
    following = reviews.next_for(waiting, below=seq, person_id=str(request.user.pk))
    if following is None:
        return filter_chips.address_of(question, marked=marked)
    is_on_page = following.seq in {story.head.seq for story in page_of(heads, request.GET).entries}
    place = page.place_of(request) if is_on_page else {"before": following.seq + 1}
    return filter_chips.address_of(question, **place, story=following.seq, marked=marked)


def _is_from_story(request: HttpRequest) -> bool:
    return request.POST.get("from") == "story"
