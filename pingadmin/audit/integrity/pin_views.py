"""What a reviewer's pin is compared with: the hash of a row, and the rows themselves for those who hash again."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from pingadmin.audit.chain import canonical
from pingadmin.audit.log.pagination import seq_of
from pingadmin.audit.models import AuditEvent

PAGE = 1000


@require_safe
@permission_required("audit.read", raise_exception=True)
def row_hash(request: HttpRequest, seq: int) -> HttpResponse:
    """The hash under which the row of that seq stands now, null where there is none, and the chain's head."""
    rows = AuditEvent.objects.values("seq", "row_hash")
    found = rows.filter(seq=seq).first() if seq < 2**63 else None
    return JsonResponse(
        {"row_hash": found and found["row_hash"], "head": rows.order_by("-seq").first()}
    )


@require_safe
@permission_required("audit.read", raise_exception=True)
def rows(request: HttpRequest) -> HttpResponse:
    """The canonical rows above `after`, one a line, oldest first, at most PAGE: what SHA-256 is taken of."""
    events = AuditEvent.objects.filter(seq__gt=seq_of(request.GET.get("after")) or 0).order_by(
        "seq"
    )[:PAGE]
    body = b"".join(_line(event) + b"\n" for event in events)
    return HttpResponse(body, content_type="application/jsonl")


def _line(event: AuditEvent) -> bytes:
    """A row that has no canonical form keeps its place, and cannot have the hash that it states."""
    try:
        return canonical.canonical(event)
    except (KeyError, TypeError):
        return canonical.encode({"seq": event.seq, "unreadable": True})
