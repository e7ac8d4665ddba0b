"""Events as JSONL: a manifest, then one event a line. offline/verify_export.py checks the file."""

import json
import logging
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from django.db import DatabaseError

from pingadmin.audit.chain import canonical, keys, signing
from pingadmin.audit.chain.checkpoint import Checkpoint
from pingadmin.audit.export.exports import Export, build_row
from pingadmin.audit.integrity import checkpoints, log_identity
from pingadmin.audit.models import AuditEvent

FORMAT = 1
# The newest are enough: each signature vouches for all events before it that are linked to it.
MAX_CHECKPOINTS = 200
MAX_EVENTS_BETWEEN = 50

log = logging.getLogger(__name__)


def stream_jsonl(export: Export) -> Iterator[bytes]:
    """The file in pieces: the manifest, then chunks of events. One query a chunk."""
    yield _line(build_manifest(export))
    for chunk in export.chunks():
        events = AuditEvent.objects.filter(seq__in=chunk).oldest_first()
        yield b"".join(_line(build_row(event)) for event in events)


def build_manifest(export: Export) -> dict[str, Any]:
    """Whose log it is, what the export's event records, that event, the checkpoints that vouch for
    both, and the seal of all this.
    """
    event, signed = export.event, _signed_checkpoints(export)
    identity = log_identity.identify_log()
    vouching = next((checkpoint for checkpoint in signed if checkpoint.seq >= event.seq), None)
    manifest = {
        "pingadmin_audit_export": FORMAT,
        "panel": identity.panel if identity else "",
        "log": identity.as_dict() if identity else None,
        "exported_at": canonical.format_time(event.at),
        "exported_by": event.actor_name,
        "exported_role": event.actor_role,
        **json.loads(event.detail),
        "coverage": _describe_coverage(export),
        "export": build_row(event),
        "between": _events_between(event, vouching),
        "public_key": keys.public_key(),
        "checkpoints": [json.loads(checkpoint.line) for checkpoint in signed],
    }
    return manifest | {"seal": _seal(manifest)}


def _seal(manifest: dict[str, Any]) -> dict[str, str]:
    """MAC and signature of all the rest, which no event records: whose log it is, the coverage."""
    key_id, public_key_id = signing.current_key_ids()
    message = canonical.encode({**manifest, "key_id": key_id, "public_key_id": public_key_id})
    return {
        "key_id": key_id,
        "public_key_id": public_key_id,
        "mac": signing.compute_mac(message, prefix=signing.EXPORT_PREFIX),
        "signature": signing.sign(message, prefix=signing.EXPORT_PREFIX),
    }


def _signed_checkpoints(export: Export) -> list[Checkpoint]:
    """Those from the first exported event on, with one made now, which vouches for this export.

    Where none can be made the file is still sent, and proves less.
    """
    try:
        checkpoints.make()
    except (checkpoints.NotSigned, OSError, DatabaseError):
        log.critical("no checkpoint vouches for export #%d", export.event.seq, exc_info=True)
    first_seq = export.seqs[0] if export.seqs else export.event.seq
    binding = checkpoints.load_all().binding
    return [checkpoint for checkpoint in binding if checkpoint.seq >= first_seq][-MAX_CHECKPOINTS:]


def _events_between(event: AuditEvent, vouching: Checkpoint | None) -> list[dict[str, Any]]:
    """The events that others appended up to the checkpoint: they link the export's event to it."""
    if vouching is None or vouching.seq - event.seq > MAX_EVENTS_BETWEEN:
        return []
    events = AuditEvent.objects.after(event.seq).filter(seq__lte=vouching.seq)
    return [build_row(following) for following in events.oldest_first()]


def _describe_coverage(export: Export) -> str:
    """Which links between the events can be checked, in words."""
    if not export.seqs:
        return "No event matched."
    first, last = export.seqs[0], export.seqs[-1]
    gaps = sum(later != earlier + 1 for earlier, later in pairwise(export.seqs))
    if not gaps:
        return f"Every event from #{first} to #{last}: each link between two can be checked."
    return (
        f"The filter leaves {gaps:,} gaps between #{first} and #{last}: after a gap the link to "
        "the event before cannot be checked from this file, each event's own hash can."
    )


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True).encode("ascii") + b"\n"
