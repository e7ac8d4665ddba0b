"""How a row becomes a hash: canonical form, SHA-256 link, MAC. Pure functions of Python's standard library,
described in docs/audit-format.md for those who write a verifier of their own.

The form is versioned: a row is hashed for ever as its `schema_version` says, so fields are only added in a
new version. Everything but the hash and the MAC themselves is in it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

VERSION = 1
GENESIS = "0" * 64

_NAMES = {
    1: (
        "schema_version seq event_id at story action phase result verified "
        "actor_kind actor_id actor_name actor_role source_address request_id "
        "alias session_id client reason ticket attempt batch "
        "upstream_status upstream_code shown detail snapshot_before snapshot_after key_id prev_hash"
    )
}
FIELDS = {version: names.split() for version, names in _NAMES.items()}

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode


def canonical(event) -> bytes:
    """The event as JSON: sorted keys, ASCII, no spaces, no floats; times as UTC with microseconds.

    Raises KeyError for an unknown schema version, TypeError for a value that has no canonical form.
    """
    return encode({name: plain(getattr(event, name)) for name in FIELDS[event.schema_version]})


def encode(values: Mapping[str, Any]) -> bytes:
    """The canonical JSON of values that are plain already. Raises TypeError for what JSON cannot hold."""
    return _encode(values).encode("ascii")


def plain(value: Any) -> str | int | bool | None:
    """A value as it stands in canonical JSON. Raises TypeError for a float."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, float):
        raise TypeError("A float has no canonical form.")
    return str(value)


def hash_of(event) -> str:
    """SHA-256 of the canonical form, as hex; it covers seq, time and the hash before."""
    return hashlib.sha256(canonical(event)).hexdigest()


def hash_of_values(values: Mapping[str, Any]) -> str:
    """The same for an event that is a mapping of its version's fields to plain values."""
    return hashlib.sha256(encode(values)).hexdigest()


def mac_of(row_hash: str, key: str) -> str:
    """HMAC-SHA256 of a row's hash with the audit key, as hex."""
    return hmac.digest(
        key.encode(), b"pingadmin-audit-row:" + row_hash.encode("ascii"), "sha256"
    ).hex()


def key_id_of(key: str) -> str:
    """Eight hex digits that tell keys apart and say nothing about them."""
    return hashlib.sha256(b"pingadmin-audit-key:" + key.encode()).hexdigest()[:8]
