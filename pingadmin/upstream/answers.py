"""From the bytes of an answer to values that can be trusted to be what they seem, or to UpstreamError.

Every body is hostile until it has passed here: strict JSON (RFC 8259 and nothing that Python adds to it),
no duplicate keys, integers that fit 64 bits, text without control characters or lone surrogates, and short.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pingadmin.upstream.errors import UpstreamError

MESSAGE_MOST, CODE_MOST = 200, 64
NAME_MOST, STATE_MOST = 200, 64
INTEGER_MOST = 2**63 - 1
RAW_TEXT_BYTES = 4096
RETRY_AFTER_MOST = 86_400
BREAKS = "\t\n\r\u2028\u2029"
# The controls and the surrogates of Unicode, and what breaks a line.
_UNCLEAN = re.compile(f"[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff{BREAKS}]")

KIND_OF_STATUS = {401: "refused_key", 404: "not_found", 429: "rate_limited"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer.

    answered_at: our clock, UTC, when it was whole. retry_after: seconds, None where it said nothing usable.
    skew_seconds: its Date header minus our clock, None without one.
    """

    status: int
    content_type: str
    body: bytes
    answered_at: datetime
    retry_after: int | None = None
    skew_seconds: float | None = None


def error_of(answer: Answer) -> UpstreamError:
    """The error that an answer amounts to when it is not the documented success."""
    code, message = own_words(answer)
    kind = KIND_OF_STATUS.get(answer.status) or {
        3: "redirected",
        4: "refused",
        5: "server_error",
    }.get(answer.status // 100, "unrecognised")
    return UpstreamError(
        kind,
        sent=True,
        status=answer.status,
        code=code,
        message=message,
        retry_after=answer.retry_after,
    )


def failure(
    kind: str, answer: Answer, *, code: str = "", message: str = "", paused: bool | None = None
) -> UpstreamError:
    """An error about an answer whose status is fine and whose content is not."""
    return UpstreamError(
        kind, sent=True, status=answer.status, code=code, message=message, paused=paused
    )


def own_words(answer: Answer) -> tuple[str, str]:
    """The code and message that the upstream gave, cleaned; else, of an error, the beginning of its text."""
    try:
        code, message = _envelope(parsed(answer))
    except UpstreamError:
        code = message = ""
    # Only of errors: what else came unasked may hold things that are nobody's to read.
    if not code and not message and answer.status >= 400:
        message = cleaned(beginning(answer).strip(), MESSAGE_MOST)
    return code, message


def beginning(answer: Answer) -> str:
    """The first 4 kB of a body as text, as it came."""
    return answer.body[:RAW_TEXT_BYTES].decode("utf-8", "replace")


def parsed(answer: Answer):
    """The JSON value of a body. Raises UpstreamError("unreadable")."""
    media_type = answer.content_type.partition(";")[0].strip().lower()
    if not re.fullmatch(r"application/([a-z0-9.-]+\+)?json", media_type):
        raise failure("unreadable", answer)
    try:
        return json_value(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        unreadable = failure("unreadable", answer)
    raise unreadable


def json_value(text: str):
    """The value of strict JSON. Raises ValueError or RecursionError."""
    try:
        value, end = _quick(text, 0)
    except (ValueError, StopIteration):
        end = -1
    # What the quick one cannot read may still be right: blanks around it, or a number of thousands of digits.
    return value if end == len(text) else _thorough.decode(text)


def fields(answer: Answer) -> dict:
    """A body that is a JSON object. Raises UpstreamError."""
    body = parsed(answer)
    if not isinstance(body, dict):
        raise failure("unrecognised", answer)
    return body


def fields_of(answer: Answer, text: str) -> dict:
    """A part of a stream that is a JSON object. Raises UpstreamError."""
    try:
        body = json_value(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise failure("unreadable", answer)
    return body


def sequence(event_id: str) -> int | None:
    """The number that an event's id is, up to 2**63 - 1; None where it is none."""
    if not (
        event_id.isdecimal() and event_id.isascii() and len(event_id) <= len(str(INTEGER_MOST))
    ):
        return None
    number = int(event_id)
    return number if number <= INTEGER_MOST else None


def text(answer: Answer, value, most: int) -> str:
    """A text that must be there, cleaned."""
    if not isinstance(value, str):
        raise failure("unrecognised", answer)
    return cleaned(value, most)


def flag(answer: Answer, value) -> bool:
    """A literal true or false that must be there."""
    if not isinstance(value, bool):
        raise failure("unrecognised", answer)
    return value


def whole_number(answer: Answer, value) -> int | None:
    """A count from 0 to 2**63 - 1, or None where absent or null."""
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= INTEGER_MOST:
        raise failure("unrecognised", answer)
    return value


def moment(answer: Answer, value) -> datetime | None:
    """An ISO 8601 time, in UTC; None where absent, null, or without a zone, for then it is no moment."""
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.astimezone(UTC) if when.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        wrong = failure("unrecognised", answer)
    raise wrong


def cleaned(value: str, most: int) -> str:
    """At most so many characters; line breaks and tabs become spaces, other controls and surrogates U+FFFD.

    Replaced and not dropped, so that what was not a known word become one.
    """
    return _UNCLEAN.sub(_replacement, value[:most])


def retry_after(value: str, now: datetime) -> int | None:
    """A Retry-After header (seconds or a date) as seconds from now, a day at most; None where it is junk."""
    date = http_date(value)
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        seconds = int(value)
    elif date:
        seconds = round((date - now).total_seconds())
    else:
        return None
    return min(max(seconds, 0), RETRY_AFTER_MOST)


def http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _envelope(body):
    if not isinstance(body, dict):
        return "", ""
    inner = next(
        (body[key] for key in ("error", "detail") if isinstance(body.get(key), dict)), body
    )
    texts = [
        inner[key] for key in ("message", "detail", "error") if isinstance(inner.get(key), str)
    ]
    codes = [inner[key] for key in ("code", "error") if _is_code(inner.get(key))]
    message = cleaned(texts[0], MESSAGE_MOST) if texts else ""
    return (codes[0] if codes else ""), message


def _is_code(value):
    return (
        isinstance(value, str)
        and re.fullmatch(rf"[A-Za-z0-9_.:-]{{1,{CODE_MOST}}}", value) is not None
    )


def _replacement(found):
    return " " if found[0] in BREAKS else "\ufffd"


def _integer(digits):
    # A float is accepted nowhere, so what does not fit is refused where it matters and harmless elsewhere;
    # int() of some thousand digits would raise.
    return int(digits) if len(digits) <= len(str(INTEGER_MOST)) + 1 else float(digits)


def _refuse(constant):
    raise ValueError(constant)


def _without_duplicates(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


_strict = {"parse_constant": _refuse, "object_pairs_hook": _without_duplicates}
_quick = json.JSONDecoder(**_strict).scan_once
_thorough = json.JSONDecoder(parse_int=_integer, **_strict)
