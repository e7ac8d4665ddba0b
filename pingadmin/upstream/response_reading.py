"""From the bytes of a response to values that are what they seem, or to UpstreamError.

Every body is hostile until it has passed here: strict JSON (RFC 8259 and nothing that Python adds
to it), no duplicate keys, integers that fit 64 bits, text without control characters or lone
surrogates, and short.
"""

import json
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NoReturn

from pingadmin.http.errors import classify_status
from pingadmin.http.response import Response
from pingadmin.upstream.errors import UpstreamError

MAX_MESSAGE_LENGTH, MAX_CODE_LENGTH = 200, 64
MAX_NAME_LENGTH, MAX_STATE_LENGTH = 200, 64
MAX_INTEGER = 2**63 - 1
MAX_BODY_START_BYTES = 4096
LINE_BREAKS = "\t\n\r\u2028\u2029"
# The control characters and surrogates of Unicode, and whatever breaks a line.
_UNCLEAN = re.compile(f"[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff{LINE_BREAKS}]")

JSONObject = dict[str, Any]


def make_status_error(response: Response) -> UpstreamError:
    """The error that a response amounts to when its status is not the documented success."""
    code, message = parse_error(response)
    return UpstreamError(
        classify_status(response.status),
        sent=True,
        status=response.status,
        code=code,
        message=message,
        retry_after=response.retry_after,
    )


def parse_error(response: Response) -> tuple[str, str]:
    """The upstream's own code and message, cleaned; of an error without them, its first text."""
    try:
        code, message = _code_and_message_in(parse_json(response))
    except UpstreamError:
        code = message = ""
    # Only of errors: other unexpected bodies may hold what nobody should read.
    if not code and not message and response.status >= 400:
        message = clean_text(decode_start(response).strip(), MAX_MESSAGE_LENGTH)
    return code, message


def decode_start(response: Response) -> str:
    """The first 4 kB of a body as text, uncleaned."""
    return response.body[:MAX_BODY_START_BYTES].decode("utf-8", "replace")


def parse_json(response: Response) -> Any:
    """The JSON value of a body. Raises UpstreamError("unreadable")."""
    if not re.fullmatch(r"application/([a-z0-9.-]+\+)?json", response.media_type):
        raise UpstreamError.for_content("unreadable", response)
    try:
        return parse_strict_json(response.body.decode("utf-8"))
    except (ValueError, RecursionError):
        error = UpstreamError.for_content("unreadable", response)
    # Outside the block, so that the error does not carry the body along.
    raise error


def parse_strict_json(text: str) -> Any:
    """The value of strict JSON. Raises ValueError or RecursionError."""
    try:
        value, end = _scan_once(text, 0)
    except (ValueError, StopIteration):
        end = -1
    # What the scanner refuses may still be right: blanks around it, or thousands of digits.
    return value if end == len(text) else _thorough_decoder.decode(text)


def parse_object(response: Response) -> JSONObject:
    """A body that is a JSON object. Raises UpstreamError."""
    body = parse_json(response)
    if not isinstance(body, dict):
        raise UpstreamError.for_content("unrecognised", response)
    return body


def parse_event_object(response: Response, text: str) -> JSONObject:
    """The data of one event of a stream, a JSON object. Raises UpstreamError."""
    try:
        body = parse_strict_json(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise UpstreamError.for_content("unreadable", response)
    return body


def parse_sequence(event_id: str) -> int | None:
    """The number in an event's id, up to 2**63 - 1; None where it is not a number."""
    if not (event_id.isdecimal() and event_id.isascii()):
        return None
    # The length first: int() of thousands of digits raises.
    number = int(event_id) if len(event_id) <= len(str(MAX_INTEGER)) else MAX_INTEGER + 1
    return number if number <= MAX_INTEGER else None


def require_text(response: Response, value: object, max_length: int) -> str:
    """A text that must be there, cleaned. Raises UpstreamError."""
    if not isinstance(value, str):
        raise UpstreamError.for_content("unrecognised", response)
    return clean_text(value, max_length)


def require_bool(response: Response, value: object) -> bool:
    """A literal true or false that must be there. Raises UpstreamError."""
    if not isinstance(value, bool):
        raise UpstreamError.for_content("unrecognised", response)
    return value


def parse_count(response: Response, value: object) -> int | None:
    """A count from 0 to 2**63 - 1; None where absent or null. Raises UpstreamError."""
    if value is None:
        return None
    # Not isinstance: true is an int in Python.
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise UpstreamError.for_content("unrecognised", response)
    return value


def parse_time(response: Response, value: object) -> datetime | None:
    """An ISO 8601 time in UTC; None where absent or null. Raises UpstreamError.

    None also for a time without a zone, which names no moment.
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value)
            return time.astimezone(UTC) if time.tzinfo else None
        except (ValueError, OverflowError):
            pass
    raise UpstreamError.for_content("unrecognised", response)


def clean_text(value: str, max_length: int) -> str:
    """At most so many characters, with … where more came; line breaks become spaces, other control
    characters U+FFFD.

    Replaced and not removed, so that an unknown word cannot turn into a known one.
    """
    short = value if len(value) <= max_length else f"{value[: max_length - 1]}…"
    return _UNCLEAN.sub(_replacement, short)


def clean_lines(value: str, max_length: int) -> str:
    """As clean_text, but every line break is a line feed, and stays."""
    short = value if len(value) <= max_length else f"{value[: max_length - 1]}…"
    lines = re.split("\r\n|[\n\r\u2028\u2029]", short)
    return "\n".join(_UNCLEAN.sub(_replacement, line) for line in lines)


def _code_and_message_in(body: object) -> tuple[str, str]:
    """From the error envelopes that are in use: {"error": {...}}, {"detail": {...}}, flat, or with
    a list of faults: {"detail": [{"msg": ...}, ...]}, {"errors": [{"message": ...}, ...]}.
    """
    if not isinstance(body, dict):
        return "", ""
    envelope = next(
        (body[key] for key in ("error", "detail") if isinstance(body.get(key), dict)), body
    )
    texts = [
        envelope[key]
        for key in ("message", "detail", "error")
        if isinstance(envelope.get(key), str)
    ]
    codes = [envelope[key] for key in ("code", "error") if _is_code(envelope.get(key))]
    text = texts[0] if texts else "; ".join(_listed_messages(body))
    message = clean_text(text, MAX_MESSAGE_LENGTH)
    return (codes[0] if codes else ""), message


def _listed_messages(body: JSONObject) -> list[str]:
    lists = [body[key] for key in ("detail", "errors") if isinstance(body.get(key), list)]
    faults = [fault for listed in lists for fault in listed]
    texts = [
        fault.get("msg") or fault.get("message") if isinstance(fault, dict) else fault
        for fault in faults
    ]
    return [text for text in texts if isinstance(text, str)]


def said_code(response: Response, codes: Collection[str]) -> bool:
    """Whether the upstream's own code is one of these; capitals and hyphens are no difference."""
    code, _ = parse_error(response)
    return code.lower().replace("-", "_") in codes


def _is_code(value: object) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch(rf"[A-Za-z0-9_.:-]{{1,{MAX_CODE_LENGTH}}}", value) is not None
    )


def _replacement(match: re.Match[str]) -> str:
    return " " if match[0] in LINE_BREAKS else "\ufffd"


def _parse_integer(digits: str) -> int | float:
    # Floats are accepted nowhere, so a number that does not fit is refused where it matters and
    # harmless elsewhere; int() of thousands of digits would raise.
    return int(digits) if len(digits) <= len(str(MAX_INTEGER)) + 1 else float(digits)


def _refuse_constant(constant: str) -> NoReturn:
    # NaN and the infinities, which Python reads and JSON does not have.
    raise ValueError(constant)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> JSONObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


_quick_decoder = json.JSONDecoder(
    parse_constant=_refuse_constant, object_pairs_hook=_refuse_duplicates
)
_thorough_decoder = json.JSONDecoder(
    parse_constant=_refuse_constant,
    object_pairs_hook=_refuse_duplicates,
    parse_int=_parse_integer,
)
# The decoder without its own checks of blanks; json's types do not know that it has one.
_scan_once: Any = vars(_quick_decoder)["scan_once"]
