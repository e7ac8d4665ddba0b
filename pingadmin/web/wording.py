"""Puts times, spans, sizes and foreign text into words. Pure functions of plain values."""

import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo

from pingadmin.web.plain_text import BLANK_LETTERS, is_all_blank

NOT_KNOWN = "not known"
SIZES = ["B", "kB", "MB", "GB", "TB", "PB"]
SPANS = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]


def iso_utc(when: datetime) -> str:
    """`2026-11-22T14:02:11Z`, for machines."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def full_utc(when: datetime) -> str:
    """`2026-11-22 14:02:11 UTC`, for the title of a time."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def moment(when: datetime, *, now: datetime, zone: tzinfo) -> str:
    """`14:02:11` in the zone; the date goes before it unless it is today there.

    The page names the zone once. A time at which the zone's clocks showed another distance from
    UTC than they do now, or showed the same time twice, has its own: `14:02:11 CEST`.
    """
    local, current = when.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M:%S}"
    if local.utcoffset() != current.utcoffset() or _happens_twice(local):
        clock = f"{clock} {zone_short(local)}"
    if local.date() == current.date():
        return clock
    day = f"{local.day} {local:%b}"
    return f"{day}, {clock}" if local.year == current.year else f"{day} {local.year}, {clock}"


def _happens_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def zone_short(local: datetime) -> str:
    """`CET` where the zone has letters for itself, else its distance: `UTC+3`."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{utc_offset(local.utcoffset())}"


def zone_long(local: datetime) -> str:
    """`Europe/Madrid (UTC+1)`, or plain `UTC`."""
    name = getattr(local.tzinfo, "key", "UTC")
    return name if name == "UTC" else f"{name} (UTC{utc_offset(local.utcoffset())})"


def utc_offset(offset: timedelta | None) -> str:
    """`+1`, `-3:30`, or nothing for UTC itself."""
    minutes = int((offset or timedelta()).total_seconds() // 60)
    if not minutes:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "-"
    return f"{sign}{hours}:{rest:02}" if rest else f"{sign}{hours}"


def age(seconds: float) -> str:
    """`12 s ago`, in one unit; a time ahead of our clock is called that."""
    whole_seconds = int(abs(seconds))
    unit, size = next(((unit, size) for unit, size in SPANS if whole_seconds >= size), SPANS[-1])
    amount = f"{whole_seconds // size} {unit}"
    return f"{amount} ahead of our clock" if seconds <= -1 else f"{amount} ago"


def countdown(seconds: float) -> str:
    """`in 12 min`, in one unit; `due now` once the time came."""
    whole_seconds = int(seconds)
    if whole_seconds <= 0:
        return "due now"
    unit, size = next((unit, size) for unit, size in SPANS if whole_seconds >= size)
    return f"in {whole_seconds // size} {unit}"


def duration(seconds: float | None) -> str:
    """`1 h 12 min`: the two largest units, the second only where it is not zero."""
    if seconds is None or seconds < 0:
        return NOT_KNOWN
    rest = int(seconds)
    # From the largest unit that is there; an empty second one keeps its place.
    parts: list[str] = []
    for unit, size in SPANS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "0 s"


def size(count: int | None) -> str:
    """`310 MB`, in steps of 1024, with one decimal below ten and never four digits."""
    if count is None or count < 0:
        return NOT_KNOWN
    value, unit = float(count), 0
    # 1,000 MB read as 1.0 GB, so that sizes side by side can be compared at a glance.
    while round(value) >= 1000 and unit < len(SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return (
        f"{value:.1f} {SIZES[unit]}"
        if unit and round(value, 1) < 10
        else f"{value:.0f} {SIZES[unit]}"
    )


_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Scripts pile up to three on a letter.
MAX_MARKS = 3


def visible(text: object) -> str:
    """The text with what nobody could see in it written as `\\u202e`.

    That is control, format (bidi, zero width) and surrogate characters, letters that are blank, all
    of a text that is nothing but blanks, and marks piled on one letter, which would cover others.
    """
    characters, shown, marks = str(text), [], 0
    is_blank = bool(characters) and is_all_blank(characters)
    for character in characters:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        is_hidden = category in _HIDDEN_CATEGORIES or character in BLANK_LETTERS
        is_seen = character == " " or not (is_hidden or is_blank or marks > MAX_MARKS)
        shown.append(character if is_seen else _code_of(character))
    return "".join(shown)


def _code_of(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
