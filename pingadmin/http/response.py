"""A whole HTTP response as a record, with the headers that anybody here reads."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Response:
    """One whole HTTP response.

    answered_at: our clock, UTC, when the last byte had come. retry_after: seconds, None where the
    header is missing or junk. skew_seconds: its Date header minus our clock, None without one.
    """

    status: int
    content_type: str
    body: bytes
    answered_at: datetime
    retry_after: int | None = None
    skew_seconds: float | None = None

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return parse_media_type(self.content_type)


def parse_media_type(content_type: str) -> str:
    """A Content-Type header without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def parse_retry_after(value: str, now: datetime) -> int | None:
    """A Retry-After header, seconds or a date, as seconds from now, a day at most; else None."""
    date = parse_http_date(value)
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        seconds = int(value)
    elif date:
        seconds = round((date - now).total_seconds())
    else:
        return None
    return min(max(seconds, 0), MAX_RETRY_AFTER_SECONDS)


def parse_http_date(value: str) -> datetime | None:
    """A Date header in UTC; None for junk."""
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    # HTTP dates are in GMT, those that are parsed without a zone too.
    return date if date.tzinfo else date.replace(tzinfo=UTC)
