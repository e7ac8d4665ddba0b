"""How an event becomes a hash: canonical form, SHA-256 link, MAC. Standard library only.

docs/audit-format.md describes this for those who write a verifier of their own.

The form is versioned. An event is always hashed as its `schema_version` says, so fields are only
added in a new version. The form covers everything but the hash and the MAC themselves.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

VERSION = 1
GENESIS = "0" * 64

_FIELD_NAMES = {
    1: (
        "schema_version seq event_id at story action phase result verified "
        "actor_kind actor_id actor_name actor_role source_address request_id "
        "alias session_id client reason ticket attempt batch "
        "upstream_status upstream_code shown detail snapshot_before snapshot_after key_id prev_hash"
    )
}
FIELDS = {version: names.split() for version, names in _FIELD_NAMES.items()}

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode


class Hashable(Protocol):
    """Anything with the fields of its schema version: an event, or what a test makes up."""

    schema_version: Any


def canonical_form(event: Hashable) -> bytes:
    """The event as JSON: sorted keys, ASCII, no spaces, no floats; times as UTC with microseconds.

    Raises KeyError for an unknown schema version, TypeError for a value without a canonical form.
    """
    fields = FIELDS[event.schema_version]
    return encode({name: to_plain(getattr(event, name)) for name in fields})


def encode(values: Mapping[str, Any]) -> bytes:
    """The canonical JSON of plain values. Raises TypeError for what JSON cannot hold."""
    return _encode(values).encode("ascii")


def to_plain(value: Any) -> str | int | bool | None:
    """A value as canonical JSON holds it. Raises TypeError for a float."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, float):
        raise TypeError("A float has no canonical form.")
    return str(value)


def format_time(moment: datetime) -> str:
    """UTC with microseconds, as 2026-11-22T14:02:11.204000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hash_event(event: Hashable) -> str:
    """SHA-256 of the canonical form, as hex. It covers seq, time and the previous hash."""
    return hashlib.sha256(canonical_form(event)).hexdigest()


def hash_values(values: Mapping[str, Any]) -> str:
    """The same for a mapping of a version's fields to plain values."""
    return hashlib.sha256(encode(values)).hexdigest()


def compute_mac(row_hash: str, key: str) -> str:
    """HMAC-SHA256 of an event's hash with the audit key, as hex."""
    message = b"pingadmin-audit-row:" + row_hash.encode("ascii")
    return hmac.digest(key.encode(), message, "sha256").hex()


def compute_key_id(key: str) -> str:
    """Eight hex digits that tell keys apart and reveal nothing about them."""
    return hashlib.sha256(b"pingadmin-audit-key:" + key.encode()).hexdigest()[:8]
