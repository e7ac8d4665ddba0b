"""What can go wrong on the event stream: bytes in, bytes out.

A fault is a JSON object: `fault` (a name below) and, for some, `times` (1: how many of the next
events it happens to), `bytes`, `seconds`, `count`, `text`.

    to the next events: bad_utf8, duplicate, disorder (it comes after the one behind it),
        jump (`count` ids are left out before it), carriage_returns, crlf
    at once: drop (amid an event), silence (`seconds` of it on an open connection),
        giant_line (`bytes`), giant_event (`bytes`, in short lines), unknown_type, garbage,
        raw (`text`)
"""

from collections.abc import Callable
from typing import Any

EVENT_FAULTS = {"bad_utf8", "duplicate", "disorder", "jump", "carriage_returns", "crlf"}
OPTION_TYPES: dict[str, type | tuple[type, ...]] = {
    "times": int,
    "bytes": int,
    "seconds": (int, float),
    "count": int,
    "text": str,
}
DEFAULTS: dict[str, Any] = {"bytes": 10_000_000, "seconds": 60.0, "text": ""}


def check(spec: dict[str, Any]) -> None:
    """Raises ValueError or TypeError, with a sentence, unless it is a fault that can be."""
    names = EVENT_FAULTS | set(IMMEDIATE_FAULTS)
    if not isinstance(spec, dict) or spec.get("fault") not in names:
        raise ValueError(
            f"{spec!r} is no fault of the stream. There are: {', '.join(sorted(names))}."
        )
    for name, value in spec.items():
        if name != "fault" and not isinstance(value, OPTION_TYPES.get(name, ())):
            raise TypeError(f"{name}={value!r} is nothing that {spec['fault']} takes.")


def faulty_events(fault: dict[str, Any], data: bytes) -> list[bytes]:
    """The bytes that are written for one event's bytes."""
    match fault.get("fault"):
        case "duplicate":
            return [data, data]
        case "bad_utf8":
            return [data.replace(b'"client_id": "', b'"client_id": "\xff\xfe')]
        case "carriage_returns":
            return [data.replace(b"\n", b"\r")]
        case "crlf":
            return [data.replace(b"\n", b"\r\n")]
    return [data]


def immediate_chunk(spec: dict[str, Any]) -> dict[str, Any]:
    """The fields of the chunk that is appended to the stream."""
    return IMMEDIATE_FAULTS[spec["fault"]](DEFAULTS | spec)


IMMEDIATE_FAULTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "drop": lambda fault: {"data": b'data: {"session_id": "ses_', "closes": True},
    "silence": lambda fault: {"data": b": silence ends\n\n", "silence_seconds": fault["seconds"]},
    "giant_line": lambda fault: {"data": b"data: %s\n\n" % (b"x" * fault["bytes"])},
    "giant_event": lambda fault: {
        "data": b"data: xxxxxxxxxxxxxxxxxxxxxxxx\n" * (fault["bytes"] // 31) + b"\n"
    },
    "unknown_type": lambda fault: {
        "data": b'data: {"session_id": "ses_4f1c9a20b7", "client_id": "x", '
        b'"event_type": "session_rekeyed"}\n\n'
    },
    "garbage": lambda fault: {"data": b'data: {"session_id": "ses_4f1c9a20b7", "pau\n\n'},
    "raw": lambda fault: {"data": fault["text"].encode("utf-8", "surrogatepass")},
}
