"""Makes any text storable on every database, so that an outcome never fails to be written for its words."""

import json
import re
from typing import Any

DETAIL_BYTES = 2048

# NUL breaks PostgreSQL, a lone surrogate breaks every encoder, the other controls break terminals and logs.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LINES = re.compile(r"[\t\r\n]+")
_DEEPEST = 6


def clean(text: str, longest: int) -> str:
    """The text in one line, unfit characters as U+FFFD, cut to `longest` characters (then … ends it)."""
    text = _UNFIT.sub("\ufffd", _LINES.sub(" ", text))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def as_json(value: dict | None) -> str:
    """ASCII JSON of at most DETAIL_BYTES, '' for nothing. What is cut says so: `…` or the key `cut`."""
    if not value:
        return ""
    for longest in (DETAIL_BYTES, 500, 120, 30):
        text = json.dumps(_storable(value, longest), ensure_ascii=True, sort_keys=True)
        if len(text) <= DETAIL_BYTES:
            return text
    return json.dumps({"cut": True, "beginning": text[:600]}, ensure_ascii=True, sort_keys=True)


def _storable(value: Any, longest: int, depth: int = 0) -> Any:
    """Only what JSON can hold exactly; floats, big integers and other types become text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, dict) and depth < _DEEPEST:
        return {
            clean(str(key), 60): _storable(item, longest, depth + 1) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)) and depth < _DEEPEST:
        return [_storable(item, longest, depth + 1) for item in value]
    return clean(_as_text(value), longest)


def _as_text(value: Any) -> str:
    try:
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    except (ValueError, RecursionError):  # an integer of too many digits, a nest without a bottom
        return f"unprintable {type(value).__name__}"
