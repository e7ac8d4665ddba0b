"""Events as JSONL: a manifest, then one event a line with its hash and MAC, for offline/verify_export.py."""

import json
import logging
from collections.abc import Iterator
from itertools import pairwise

from django.db import DatabaseError

from pingadmin.audit.chain import canonical, keys
from pingadmin.audit.chain.checkpoint import Checkpoint
from pingadmin.audit.export.exports import Export, as_row
from pingadmin.audit.integrity import checkpoints
from pingadmin.audit.models import AuditEvent

FORMAT = 1
MOST_CHECKPOINTS = 200  # the newest: each that is signed vouches for all before it that are linked
MOST_BETWEEN = 50

log = logging.getLogger(__name__)


def lines(export: Export) -> Iterator[bytes]:
    """The file in pieces: the manifest, then chunks of events. One query a chunk."""
    yield _line(manifest(export))
    for chunk in export.chunks():
        events = AuditEvent.objects.filter(seq__in=chunk).order_by("seq")
        yield b"".join(_line(as_row(event)) for event in events)


def manifest(export: Export) -> dict:
    """What the export's event records, that event, and the signed checkpoints that vouch for both."""
    event, signed = export.event, _checkpoints(export)
    vouching = next((one for one in signed if one.seq >= event.seq), None)
    return {
        "pingadmin_audit_export": FORMAT,
        "exported_at": canonical.format_time(event.at),
        "exported_by": event.actor_name,
        "exported_role": event.actor_role,
        **json.loads(event.detail),
        "coverage": _coverage(export),
        "export": as_row(event),
        "between": _between(event, vouching),
        "public_key": keys.public_key(),
        "checkpoints": [json.loads(one.line) for one in signed],
    }


def _checkpoints(export: Export) -> list[Checkpoint]:
    """Those from the first exported event on, with one that is made now, so that it vouches for this export.

    Where none can be made the file is still given, and proves less.
    """
    try:
        checkpoints.make()
    except (checkpoints.NotSigned, OSError, DatabaseError):
        log.critical("export #%d stands under no checkpoint", export.event.seq, exc_info=True)
    first = export.seqs[0] if export.seqs else export.event.seq
    return [one for one in checkpoints.load_all().binding if one.seq >= first][-MOST_CHECKPOINTS:]


def _between(event: AuditEvent, vouching: Checkpoint | None) -> list[dict]:
    """The events that others appended after the export's own, up to the checkpoint: they link it to that."""
    if vouching is None or vouching.seq - event.seq > MOST_BETWEEN:
        return []
    return [
        as_row(one)
        for one in AuditEvent.objects.filter(seq__gt=event.seq, seq__lte=vouching.seq).order_by(
            "seq"
        )
    ]


def _coverage(export: Export) -> str:
    """What links between the rows can be checked, in words."""
    if not export.seqs:
        return "No event matched."
    parted = sum(later != earlier + 1 for earlier, later in pairwise(export.seqs))
    if not parted:
        return f"Every event from #{export.seqs[0]} to #{export.seqs[-1]}: each link between two can be checked."
    return (
        f"The filter leaves {parted:,} gaps between #{export.seqs[0]} and #{export.seqs[-1]}: after a gap the link to "
        "the event before cannot be checked from this file, each event's own hash can."
    )


def _line(content: dict) -> bytes:
    return json.dumps(content, ensure_ascii=True).encode("ascii") + b"\n"
