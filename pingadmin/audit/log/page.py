"""The list of audit entries, and the entry that is open next to it, for the filter in a URL."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django_htmx.http import push_url

from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.integrity.log_identity import identify_log
from pingadmin.audit.integrity.status import current_status
from pingadmin.audit.log import filter_chips
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.log.pagination import EntryPage, load_page, parse_seq
from pingadmin.audit.marks import ReviewState
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from pingadmin.audit.review.forms import ReviewForm
from pingadmin.web.requests import PanelRequest


def render_log(
    request: PanelRequest,
    *,
    open_entry: AuditEntry | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """The whole page, or the list alone for htmx.

    open_entry: the entry that is open, whatever the URL names. context: more for the templates.
    """
    audit_filter = AuditFilter(request.GET)
    shared = _filter_context(request, audit_filter)
    if audit_filter.is_valid():
        shared |= _list_context(request, audit_filter, open_entry) | context
    else:
        status = 400
    if request.htmx.target != "log":
        shared |= {"integrity_status": current_status()} | pin_context(request)
        return render(request, "audit/log/log.html", shared, status=status)
    response = render(request, "audit/log/_log.html", shared, status=status)
    # A POST was refused: its answer has no address of its own.
    if request.method == "GET":
        parameters = parameters_of(request, "before", "after", "story")
        push_url(response, filter_chips.log_address(audit_filter, **parameters))
    return response


def parameters_of(request: PanelRequest, *names: str) -> dict[str, str]:
    """Those parameters of the URL that say where on the list it is, and do not filter it."""
    return {name: request.GET[name] for name in names if name in request.GET}


def review_context(request: PanelRequest, entry: AuditEntry) -> dict[str, Any]:
    """What the review form of an entry needs; nothing for people who may not review it."""
    if not entry.review_state or not request.user.has_perm("audit.review"):
        return {}
    return {
        "has_acted": entry.has_act_of(str(request.user.pk)),
        "progress": reviews.progress_this_week(),
        "form": ReviewForm(),
    }


def new_mark_of(request: PanelRequest) -> AuditEvent | None:
    """The mark that this person has just put, as the URL says."""
    seq = parse_seq(request.GET.get("marked"))
    if seq is None:
        return None
    return AuditEvent.objects.marks().filter(seq=seq, actor_id=str(request.user.pk)).first()


def pin_context(request: PanelRequest) -> dict[str, Any]:
    """What the pin is compared with: the log's id, and this person's last mark. Two queries."""
    if not request.user.has_perm("audit.review"):
        return {}
    by = Actor.of(request)
    # By the name too: an index has it.
    own = AuditEvent.objects.filter(actor_name=by.name, actor_id=by.id, phase=AuditEvent.Phase.MARK)
    return {"last_mark": own.newest_first().first(), "log_identity": identify_log()}


def _filter_context(request: PanelRequest, audit_filter: AuditFilter) -> dict[str, Any]:
    return {
        "filter": audit_filter,
        "result_chips": filter_chips.result_chips(audit_filter),
        "queue_chips": filter_chips.queue_chips(audit_filter, counted="counts" in request.GET),
        "known_actors": AuditEvent.objects.actor_names(),
        "query": audit_filter.urlencode(**parameters_of(request, "before", "after")),
    }


def _list_context(
    request: PanelRequest, audit_filter: AuditFilter, open_entry: AuditEntry | None
) -> dict[str, Any]:
    heads = audit_filter.heads()
    page = load_page(heads, request.GET)
    open_entry = open_entry or _open_entry(request, audit_filter, page)
    context = {
        "page": page,
        "count": heads.count(),
        "newer": page.newer and filter_chips.log_address(audit_filter, after=page.newer),
        "older": page.older and filter_chips.log_address(audit_filter, before=page.older),
        "open_entry": open_entry,
        "is_focus_wanted": "story" in request.GET,
        "marked": new_mark_of(request),
    }
    return context | (review_context(request, open_entry) if open_entry else {})


def _open_entry(
    request: PanelRequest, audit_filter: AuditFilter, page: EntryPage
) -> AuditEntry | None:
    """The entry that the URL names.

    Without one, a reviewer's queue opens the first entry on the page that this person may review.
    """
    seq = parse_seq(request.GET.get("story"))
    if seq:
        return next(iter(load_entries(AuditEvent.objects.heads().filter(seq=seq))), None)
    is_queue = audit_filter.entered.get("review") == ReviewState.PENDING
    if not is_queue or not request.user.has_perm("audit.review"):
        return None
    person_id = str(request.user.pk)
    return next((entry for entry in page.entries if not entry.has_act_of(person_id)), None)
