"""What a person's pages look like, kept with the person: it is the same on every machine.

Nothing of it changes what anybody may do or what is recorded, so it is no audit event.
"""

from dataclasses import dataclass
from typing import Any

from pingadmin.web.local_time import zone_names

MAX_COLUMNS = 20


class InvalidSetting(ValueError):
    """A value that no setting can have; the text says what to do."""


@dataclass(frozen=True)
class OwnSettings:
    """zone: the name of a time zone, "" for the browser's. columns: of the board, in their order;
    None where nothing was chosen.
    """

    is_compact: bool = False
    has_keys: bool = True
    zone: str = ""
    columns: tuple[str, ...] | None = None


def read(stored: Any) -> OwnSettings:
    """The settings that are stored; what another version stored and this one can't use is left."""
    values = stored if isinstance(stored, dict) else {}
    zone, columns = values.get("zone"), values.get("columns")
    return OwnSettings(
        is_compact=values.get("is_compact") is True,
        has_keys=values.get("has_keys") is not False,
        zone=zone if isinstance(zone, str) and zone in zone_names() else "",
        columns=tuple(map(str, columns[:MAX_COLUMNS])) if isinstance(columns, list) else None,
    )


def parse_zone(text: str) -> str:
    """The zone that a person wrote, in its own spelling. Raises InvalidSetting."""
    wanted = text.strip().replace(" ", "_").casefold()
    if not wanted:
        return ""
    for name in zone_names():
        if name.casefold() == wanted:
            return name
    near = sorted(name for name in zone_names() if wanted in name.casefold())[:5]
    hint = f" Did you mean {', '.join(near)}?" if near else " Write one such as Europe/Madrid."
    raise InvalidSetting(f"There is no time zone {text.strip()[:60]!r}.{hint}")
