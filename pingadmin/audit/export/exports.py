"""An export: what a filter finds, fixed before the first byte leaves and recorded as an event itself.

Which rows are in it is settled once, as their numbers: eight bytes a row are held, however long the download
takes and whatever is appended meanwhile. docs/audit-export.md describes both files.
"""

import hashlib
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pingadmin.audit.chain import canonical
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor

CHUNK = 500
_LONGEST_FILTER = 800  # what an event's detail holds in any case, beside the rest


@dataclass(frozen=True)
class Export:
    """seqs: the heads of stories for CSV, events for JSONL, rising; event: the export's own event."""

    form: str
    audit_filter: AuditFilter
    seqs: array
    event: AuditEvent

    def chunks(self) -> Iterator[list[int]]:
        for start in range(0, len(self.seqs), CHUNK):
            yield self.seqs[start : start + CHUNK].tolist()

    @property
    def file_name(self) -> str:
        """Says form, filter and range in letters, digits, `-` and `_` alone."""
        asked = self.audit_filter.entered
        parts = [f"{name}-{text}" for name, text in asked.items() if name not in ("since", "until")]
        since = self.audit_filter.cleaned_data["since"]
        until = self.audit_filter.cleaned_data["until"] or self.event.at
        span = [f"from-{_day_or_second(since)}"] if since else []
        words = [_words(part)[:30] for part in parts] + span + [f"to-{_day_or_second(until)}"]
        return f"{'_'.join(['pingadmin-audit', *words])[:150]}.{self.form}"


def stories_found(audit_filter: AuditFilter, *, by: Actor) -> Export:
    """The matching entries, for CSV. Raises django.db.Error where the export cannot be recorded."""
    seqs = array(
        "q",
        audit_filter.heads()
        .order_by("seq")
        .values_list("seq", flat=True)
        .iterator(chunk_size=2000),
    )
    return Export(
        "csv", audit_filter, seqs, _record("csv", audit_filter, seqs, by=by, unit="stories")
    )


def events_found(audit_filter: AuditFilter, *, by: Actor) -> Export:
    """All events of the matching entries, for JSONL; the whole log for an empty filter.

    The recorded digest is SHA-256 over the rows' hashes, one a line: the export's event, once it stands under
    a signed checkpoint, vouches for every row of the file, and for there being no other.
    """
    events = AuditEvent.objects.all()
    if audit_filter.entered:
        events = events.filter(story__in=audit_filter.heads().values("seq"))
    seqs, digest = array("q"), hashlib.sha256()
    for seq, row_hash in (
        events.order_by("seq").values_list("seq", "row_hash").iterator(chunk_size=2000)
    ):
        seqs.append(seq)
        digest.update(f"{row_hash}\n".encode())
    event = _record("jsonl", audit_filter, seqs, by=by, unit="events", digest=digest.hexdigest())
    return Export("jsonl", audit_filter, seqs, event)


def as_row(event: AuditEvent) -> dict:
    """All that an event's hash covers, as it was hashed, and then its hash and MAC.

    What has no canonical form is given as text: its hash will not match, and that is what a reader must see.
    """
    names = canonical.FIELDS.get(event.schema_version, canonical.FIELDS[canonical.VERSION])
    return {name: _plain(getattr(event, name)) for name in (*names, "row_hash", "mac")}


def _record(
    form: str, audit_filter: AuditFilter, seqs: array, *, by: Actor, unit: str, **more: str
) -> AuditEvent:
    """Durable before anything is sent: an export that is not in the log did not happen."""
    detail = {
        "format": form,
        "filter": audit_filter.urlencode()[:_LONGEST_FILTER],
        unit: len(seqs),
        **more,
    }
    if seqs:
        detail |= {"first": seqs[0], "last": seqs[-1]}
    asked = audit_filter.cleaned_data
    detail |= {
        name: canonical.format_time(asked[name]) for name in ("since", "until") if asked[name]
    }
    with transaction.atomic(durable=True):
        return trail.append(action="export", phase="event", by=by, detail=detail)


def _plain(value):
    try:
        return canonical.to_plain(value)
    except TypeError:
        return repr(value)


def _day_or_second(moment: datetime) -> str:
    """UTC, as 20261122T140211Z: a day of the asker's zone is no day of UTC."""
    return canonical.format_time(moment)[:19].replace("-", "").replace(":", "") + "Z"


def _words(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
