"""An export: what a filter matches, decided before the first byte is sent and recorded as an event.

The matching rows are held as numbers, eight bytes each, however long the download takes and
whatever is appended meanwhile. docs/audit-export.md describes both files.
"""

import hashlib
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from pingadmin.audit.chain import canonical
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor


class FileFormat(models.TextChoices):
    """The value is stored in the export's event, and ends the file's name."""

    CSV = "csv"
    JSONL = "jsonl"


CHUNK = 500
# Rows that the database hands over at a time while the numbers are read.
_FETCHED = 2000
# A longer filter would not fit into an event's detail with the rest.
_MAX_FILTER_LENGTH = 800
_MAX_NAME_LENGTH = 150


@dataclass(frozen=True)
class Export:
    """seqs: the numbers of the heads for CSV, of all events for JSONL, rising.

    event: the event that records this export.
    """

    file_format: FileFormat
    audit_filter: AuditFilter
    seqs: "array[int]"
    event: AuditEvent

    def chunks(self) -> Iterator[list[int]]:
        """The numbers in lists of CHUNK."""
        for start in range(0, len(self.seqs), CHUNK):
            yield self.seqs[start : start + CHUNK].tolist()

    @property
    def file_name(self) -> str:
        """Contains format, filter and range, in letters, digits, `-` and `_` alone."""
        entered, cleaned = self.audit_filter.entered, self.audit_filter.cleaned_data
        parts = [
            re.sub(r"[^A-Za-z0-9]+", "-", f"{name}-{text}").strip("-")[:30]
            for name, text in entered.items()
            if name not in ("since", "until")
        ]
        if cleaned["since"]:
            parts.append(f"from-{_compact_time(cleaned['since'])}")
        parts.append(f"to-{_compact_time(cleaned['until'] or self.event.at)}")
        name = "_".join(["pingadmin-audit", *parts])
        return f"{name[:_MAX_NAME_LENGTH]}.{self.file_format}"


def start_csv_export(audit_filter: AuditFilter, *, by: Actor) -> Export:
    """Finds the matching entries and records their export.

    Raises django.db.Error where the export cannot be recorded.
    """
    seqs = array("q", (seq for [seq] in audit_filter.heads().in_pages("seq", size=_FETCHED)))
    # The key is stored: scripts that read the log count on it.
    event = _record_export(FileFormat.CSV, audit_filter, seqs, by=by, stories=len(seqs))
    return Export(FileFormat.CSV, audit_filter, seqs, event)


def start_jsonl_export(audit_filter: AuditFilter, *, by: Actor) -> Export:
    """Finds all events of the matching entries, without a filter the whole log, and records it.

    The recorded digest is SHA-256 over the events' hashes, one a line. Once a signed checkpoint
    vouches for the export's event, it vouches for every line of the file, and for no line missing.
    Raises django.db.Error where the export cannot be recorded.
    """
    events = AuditEvent.objects.all()
    if audit_filter.entered:
        events = events.of_entries(audit_filter.heads().values("seq"))
    seqs, digest = array("q"), hashlib.sha256()
    for seq, row_hash in events.in_pages("seq", "row_hash", size=_FETCHED):
        seqs.append(seq)
        digest.update(f"{row_hash}\n".encode())
    event = _record_export(
        FileFormat.JSONL, audit_filter, seqs, by=by, events=len(seqs), digest=digest.hexdigest()
    )
    return Export(FileFormat.JSONL, audit_filter, seqs, event)


def build_row(event: AuditEvent) -> dict[str, Any]:
    """The event as it was hashed, with its hash and MAC.

    A value without a canonical form becomes text: its hash does not match, and readers see that.
    """
    fields = canonical.FIELDS.get(event.schema_version, canonical.FIELDS[canonical.VERSION])
    return {name: _plain_or_text(getattr(event, name)) for name in (*fields, "row_hash", "mac")}


def _record_export(
    file_format: FileFormat,
    audit_filter: AuditFilter,
    seqs: "array[int]",
    *,
    by: Actor,
    **counted: int | str,
) -> AuditEvent:
    """Commits the export's event before anything is sent: no export goes unrecorded."""
    detail: dict[str, Any] = {
        "format": file_format.value,
        "filter": audit_filter.urlencode()[:_MAX_FILTER_LENGTH],
        **counted,
    }
    if seqs:
        detail |= {"first": seqs[0], "last": seqs[-1]}
    cleaned = audit_filter.cleaned_data
    for name in ("since", "until"):
        if cleaned[name]:
            detail[name] = canonical.format_time(cleaned[name])
    with transaction.atomic(durable=True):
        return trail.append(action="export", phase=AuditEvent.Phase.EVENT, by=by, detail=detail)


def _plain_or_text(value: Any) -> str | int | bool | None:
    try:
        return canonical.to_plain(value)
    except TypeError:
        return repr(value)


def _compact_time(moment: datetime) -> str:
    """UTC, as 20261122T140211Z: a day in the reader's zone is not a day in UTC."""
    return canonical.format_time(moment)[:19].replace("-", "").replace(":", "") + "Z"
