"""Downloads of the audit log: what the page shows, as files, and the program that checks them."""

from pathlib import Path

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET, require_safe

from pingadmin.audit.export import csv_file, exports, jsonl_file
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.record.actors import Actor
from pingadmin.web import errors

VERIFIER = Path(__file__).parent / "offline" / "verify_export.py"


@require_GET
@permission_required("audit.export", raise_exception=True)
def as_csv(request: HttpRequest) -> HttpResponse:
    """The stories that match the question in the URL, one a line."""
    return _download(request, exports.stories_found, csv_file.lines, "text/csv; charset=utf-8")


@require_GET
@permission_required("audit.export", raise_exception=True)
def as_jsonl(request: HttpRequest) -> HttpResponse:
    """Every event of the stories that match the question in the URL, with what proves it."""
    return _download(request, exports.events_found, jsonl_file.lines, "application/jsonl")


@require_safe
@permission_required("audit.read", raise_exception=True)
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks a JSONL export on a machine that has only Python."""
    response = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{VERIFIER.name}"'
    return response


def _download(request: HttpRequest, find, lines, content_type: str) -> HttpResponse:
    audit_filter = AuditFilter(request.GET)
    if not audit_filter.is_valid():
        raise BadRequest(
            "The question cannot be read: open it on the audit page, which names the field."
        )
    try:
        export = find(audit_filter, by=Actor.of(request))
    except DatabaseError:
        return errors.error_response(
            request,
            503,
            heading="Nothing was exported",
            sentence="An export is recorded in the audit log first, and the log cannot be written now. Try again soon.",
        )
    response = StreamingHttpResponse(lines(export), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    return response
