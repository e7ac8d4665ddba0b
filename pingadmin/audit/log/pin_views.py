"""What a reviewer's pin is compared with: the hash of an event, and the events to hash again."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from pingadmin.audit.chain import canonical
from pingadmin.audit.log.pagination import parse_seq
from pingadmin.audit.models import AuditEvent

PAGE_SIZE = 1000


@require_safe
@permission_required("audit.read", raise_exception=True)
def row_hash(request: HttpRequest, seq: int) -> HttpResponse:
    """The hash that the event has now, null where there is no such event, and the log's head."""
    hashes = AuditEvent.objects.newest_first().values("seq", "row_hash")
    event = hashes.filter(seq=seq).first() if seq < 2**63 else None
    head = hashes.first()
    return JsonResponse({"row_hash": event["row_hash"] if event else None, "head": head})


@require_safe
@permission_required("audit.read", raise_exception=True)
def rows(request: HttpRequest) -> HttpResponse:
    """The canonical forms of at most PAGE_SIZE events above `after`, one a line, oldest first.

    SHA-256 of a line is the event's hash.
    """
    after = parse_seq(request.GET.get("after")) or 0
    events = AuditEvent.objects.after(after).oldest_first()[:PAGE_SIZE]
    body = b"".join(_line(event) + b"\n" for event in events)
    return HttpResponse(body, content_type="application/jsonl")


def _line(event: AuditEvent) -> bytes:
    """An event without a canonical form keeps its line, which cannot have the hash it states."""
    try:
        return canonical.canonical_form(event)
    except (KeyError, TypeError):
        return canonical.encode({"seq": event.seq, "unreadable": True})
