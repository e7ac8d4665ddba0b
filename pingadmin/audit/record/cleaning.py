"""Makes any text storable in every database: no outcome may go unwritten for its characters."""

import json
import re
from collections.abc import Mapping
from typing import Any

DETAIL_BYTES = 2048

# NUL breaks PostgreSQL, a lone surrogate breaks every encoder, other controls break terminals.
_UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAKS = re.compile(r"[\t\r\n]+")
_MAX_DEPTH = 6


def clean(text: str, max_length: int) -> str:
    """The text on one line, unstorable characters as U+FFFD, cut to `max_length` characters.

    A text that was cut ends in `…`.
    """
    text = _UNSTORABLE.sub("\ufffd", _LINE_BREAKS.sub(" ", text))
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def as_json(content: Mapping[str, Any] | None, max_bytes: int = DETAIL_BYTES) -> str:
    """ASCII JSON of at most so many bytes, '' for nothing.

    What was cut is marked: a text by `…`, the whole by the key `cut`.
    """
    if not content:
        return ""
    # Shorter texts, rather than fewer: every key says something.
    for max_length in (max_bytes, 500, 120, 30):
        text = json.dumps(_storable(content, max_length), ensure_ascii=True, sort_keys=True)
        if len(text) <= max_bytes:
            return text
    return json.dumps({"cut": True, "beginning": text[:600]}, ensure_ascii=True, sort_keys=True)


def _storable(value: Any, max_length: int, depth: int = 0) -> Any:
    """Only what JSON holds exactly: floats, large integers and other types become text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        return {
            clean(str(key), 60): _storable(item, max_length, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)) and depth < _MAX_DEPTH:
        return [_storable(item, max_length, depth + 1) for item in value]
    return clean(_as_text(value), max_length)


def _as_text(value: Any) -> str:
    try:
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    except (ValueError, RecursionError):
        # An integer of too many digits, or a list that contains itself.
        return f"unprintable {type(value).__name__}"
