"""The review queue: marking an entry and opening the next, and how many entries each chip finds."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.entries.entries import load_entries
from pingadmin.audit.log import filter_chips
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.log.page import parameters_of, render_log, review_context
from pingadmin.audit.log.pagination import load_page
from pingadmin.audit.log.views import render_entry
from pingadmin.audit.marks import Mark, ReviewState
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from pingadmin.audit.review.forms import ReviewForm
from pingadmin.web.requests import PanelRequest


@require_POST
@permission_required("audit.review", raise_exception=True)
def review(request: PanelRequest, seq: int) -> HttpResponse:
    """Marks an entry.

    From the list the next entry of its filter opens; an entry's own page stays open.
    """
    head = get_object_or_404(AuditEvent.objects.heads(), seq=seq)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _render_refused(request, head, form, 400)
    try:
        marked = reviews.mark_entry(
            head_seq=seq,
            state=form.cleaned_data["mark"],
            note=form.cleaned_data["note"],
            last_seen_seq=form.cleaned_data["seen"],
            by=Actor.of(request),
        )
    except reviews.NoteMissing as error:
        form.add_error("note", str(error))
        return _render_refused(request, head, form, 400)
    except reviews.NotMarked as error:
        form.add_error(None, str(error))
        return _render_refused(request, head, form, 403)
    _warn_of_marks(request, seq, marked.unseen_marks)
    return redirect(_next_address(request, seq, marked.event.seq))


@require_safe
@permission_required("audit.read", raise_exception=True)
def counts(request: PanelRequest) -> HttpResponse:
    """How many entries each chip of the queue finds, as parts that htmx puts into the chips."""
    queue_chips = filter_chips.queue_chips(AuditFilter(request.GET), counted=True)
    return render(request, "audit/review/_counts.html", {"queue_chips": queue_chips})


def _warn_of_marks(request: PanelRequest, seq: int, unseen_marks: list[AuditEvent]) -> None:
    """Tells the reviewer of marks that were put since the page was drawn."""
    for other in unseen_marks:
        state = Mark(other.action).label.lower()
        messages.warning(
            request,
            f"#{seq}: {other.actor_name} marked it {state} while you were looking at it. "
            "Both marks stay in the log; yours is the later one and counts.",
        )


def _render_refused(
    request: PanelRequest, head: AuditEvent, form: ReviewForm, status: int
) -> HttpResponse:
    """The page that the form came from, with what is wrong and nothing lost."""
    if _is_from_entry_page(request):
        return render_entry(request, head, status=status, form=form)
    [entry] = load_entries([head])
    context = review_context(request, entry) | {"form": form}
    return render_log(request, open_entry=entry, status=status, **context)


def _next_address(request: PanelRequest, seq: int, mark_seq: int) -> str:
    """Where the reviewer continues: the next entry, on the page of the list that holds it."""
    audit_filter = AuditFilter(request.GET)
    if _is_from_entry_page(request) or not audit_filter.is_valid():
        return f"{reverse('audit:entry', args=[seq])}?marked={mark_seq}"
    heads = audit_filter.heads()
    waiting = heads
    if not audit_filter.entered.get("review"):
        waiting = heads.in_review_state(ReviewState.PENDING)
    person_id = str(request.user.pk)
    next_head = reviews.next_to_review(waiting, after_seq=seq, person_id=person_id)
    if next_head is None:
        return filter_chips.log_address(audit_filter, marked=mark_seq)
    shown_seqs = {entry.head.seq for entry in load_page(heads, request.GET).entries}
    page: dict[str, str | int] = {"before": next_head.seq + 1}
    if next_head.seq in shown_seqs:
        page = dict(parameters_of(request, "before", "after"))
    return filter_chips.log_address(audit_filter, **page, story=next_head.seq, marked=mark_seq)


def _is_from_entry_page(request: PanelRequest) -> bool:
    return request.POST.get("from") == "entry"
