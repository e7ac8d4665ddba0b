"""Reads the JSON that audit events store in `shown` and `detail`, which may be malformed."""

import json
from typing import Any

from pingadmin.audit.models import AuditEvent


def read_stored(text: str) -> dict[str, Any] | None:
    """The stored names and values; {} for nothing, None for what is no JSON object."""
    try:
        content = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def read_detail(event: AuditEvent) -> dict[str, Any]:
    """The stored detail of an event; {} where it cannot be read."""
    return read_stored(event.detail) or {}


def upstream_message(event: AuditEvent) -> str:
    """The upstream's own words in an event's detail, "" where there are none."""
    return read_detail(event).get("message") or ""
