"""Finds session ids in whatever was pasted: a bare id, a link, a whole ticket. Pure but for the known ids."""

import re
from dataclasses import dataclass

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.ids import SESSION_ID_PATTERN, is_session_id

MOST_CHARACTERS = 20_000
MAX_IDS = 20

_LINK = re.compile(
    rf"/sessions/(?:(?P<alias>[a-z][a-z0-9-]*)/)?(?P<id>{SESSION_ID_PATTERN})(?=[/?#\s>\"')\],;]|$)"
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]*")
_LOOKS_LIKE_ID = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_~-]{8,128}")
_TICKET = re.compile(r"[A-Z][A-Z0-9]*-\d+")


@dataclass(frozen=True)
class Pasted:
    """ids: (session id, aliases to ask), in the order they stand in the text. left_out: ids beyond the cap.
    problem: why there is nothing to look up, as a sentence that says what to do."""

    ids: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left_out: int = 0
    problem: str = ""


def parse_search_input(text: str) -> Pasted:
    """Read what was typed or pasted into the box."""
    text = text.strip()
    if not upstream.aliases():
        return Pasted(problem="No upstream is set, so nothing can be looked up.")
    if len(text) > MOST_CHARACTERS:
        return Pasted(
            problem=f"That is more than {MOST_CHARACTERS:,} characters. Paste the part with the ids."
        )
    if not re.search(r"\s", text) and "/" not in text:
        return _one_word(text)
    found = _ids_in(text)
    if not found:
        return Pasted(
            problem="There is no session id in that text. Paste the id itself, or a link that holds it."
        )
    return Pasted(ids=tuple(found.items())[:MAX_IDS], left_out=max(0, len(found) - MAX_IDS))


def _one_word(word: str) -> Pasted:
    if not is_session_id(word):
        return Pasted(
            problem="That is not a session id: 1 to 128 of A-Z a-z 0-9 . _ ~ : - beginning with a letter or digit."
        )
    return Pasted(ids=((word, _owners(word)),))


def _ids_in(text: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for match in _LINK.finditer(text):
        alias = match["alias"]
        found[match["id"]] = (alias,) if alias in upstream.aliases() else _owners(match["id"])
    words = [
        word.rstrip(".:~-") for word in _WORD.findall(_LINK.sub(" ", _without_addresses(text)))
    ]
    words = [word for word in dict.fromkeys(words) if is_session_id(word)]
    known = set(
        RemoteSession.objects.filter(session_id__in=words[:500]).values_list(
            "session_id", flat=True
        )
    )
    for word in words:
        if (
            word in known
            or _has_pattern_of_account(word)
            or (_any_shape_allowed() and _could_be_id(word))
        ):
            found.setdefault(word, _owners(word))
    return found


def _without_addresses(text: str) -> str:
    """Mail addresses and links to other pages hold words that look like ids."""
    return re.sub(r"\S+@\S+|https?://(?!\S*/sessions/)\S+", " ", text)


def _owners(session_id: str) -> tuple[str, ...]:
    """The accounts to ask: those whose ids look like this one, or all where none does."""
    owners = [alias for alias in upstream.aliases() if upstream.api_for(alias).can_own(session_id)]
    return tuple(owners or upstream.aliases())


def _has_pattern_of_account(word: str) -> bool:
    apis = [upstream.api_for(alias) for alias in upstream.aliases()]
    return any(api.id_pattern != SESSION_ID_PATTERN and api.can_own(word) for api in apis)


def _any_shape_allowed() -> bool:
    return any(
        upstream.api_for(alias).id_pattern == SESSION_ID_PATTERN for alias in upstream.aliases()
    )


def _could_be_id(word: str) -> bool:
    return _LOOKS_LIKE_ID.fullmatch(word) is not None and not _TICKET.fullmatch(word)
