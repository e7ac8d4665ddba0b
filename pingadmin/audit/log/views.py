"""The audit log as pages: the list of entries, and one entry. Reading only."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from pingadmin.audit.entries.entries import load_entries
from pingadmin.audit.log.access import records_reading
from pingadmin.audit.log.page import new_mark_of, pin_context, render_log, review_context
from pingadmin.audit.models import AuditEvent
from pingadmin.web.requests import PanelRequest


@require_safe
@permission_required("audit.read", raise_exception=True)
@records_reading
def log(request: PanelRequest) -> HttpResponse:
    """The entries that match the filter in the URL, newest first, with their exact number."""
    return render_log(request)


@require_safe
@permission_required("audit.read", raise_exception=True)
@records_reading
def entry(request: PanelRequest, seq: int) -> HttpResponse:
    """One entry as a timeline. The address of a later event redirects to its line there."""
    event = get_object_or_404(AuditEvent, seq=seq)
    if event.story != event.seq:
        return redirect(event)
    return render_entry(request, event)


def render_entry(
    request: PanelRequest, head: AuditEvent, *, status: int = 200, **context: object
) -> HttpResponse:
    """The page of one entry. context: more for the template, such as a review form with errors."""
    [audit_entry] = load_entries([head])
    batch_link = audit_entry.batch_link
    shared = {
        "entry": audit_entry,
        "batch_link": batch_link,
        "may_open_batch": batch_link and request.user.has_perm(batch_link.permission),
        "marked": new_mark_of(request),
    }
    shared |= review_context(request, audit_entry) | pin_context(request)
    return render(request, "audit/log/entry.html", shared | context, status=status)
