"""Downloads of the audit log: the filtered entries as files, and the program that verifies them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET, require_safe

from pingadmin.audit.export import csv_file, exports, jsonl_file
from pingadmin.audit.export.exports import Export
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.record.actors import Actor
from pingadmin.web import errors

VERIFIER = Path(__file__).parent / "offline" / "verify_export.py"


class StartExport(Protocol):
    def __call__(self, audit_filter: AuditFilter, *, by: Actor) -> Export: ...


@require_GET
@permission_required("audit.export", raise_exception=True)
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """The entries that match the filter in the URL, one a line."""
    return _download(
        request, exports.start_csv_export, csv_file.stream_csv, "text/csv; charset=utf-8"
    )


@require_GET
@permission_required("audit.export", raise_exception=True)
def export_jsonl(request: HttpRequest) -> HttpResponseBase:
    """Every event of the entries that match the filter in the URL, with what proves it."""
    return _download(
        request, exports.start_jsonl_export, jsonl_file.stream_jsonl, "application/jsonl"
    )


@require_safe
@permission_required("audit.read", raise_exception=True)
def download_verifier(request: HttpRequest) -> HttpResponse:
    """The program that verifies a JSONL export on a machine with nothing but Python."""
    response = HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{VERIFIER.name}"'
    return response


def _download(
    request: HttpRequest,
    start_export: StartExport,
    stream: Callable[[Export], Iterator[bytes]],
    content_type: str,
) -> HttpResponseBase:
    audit_filter = AuditFilter(request.GET)
    if not audit_filter.is_valid():
        raise BadRequest(
            "The filter isn’t valid. Open it on the audit page, which marks the field to fix."
        )
    try:
        export = start_export(audit_filter, by=Actor.of(request))
    except DatabaseError:
        return errors.error_response(
            request,
            503,
            heading="Nothing was exported",
            sentence="Every export is recorded in the audit log first, and the log can’t be "
            "written right now. Try again soon.",
        )
    response = StreamingHttpResponse(stream(export), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    return response
