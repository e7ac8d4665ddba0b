"""Finds session ids in whatever was typed or pasted: a bare id, a link, or a whole ticket.

Pure, but for the ids of sessions that we know.
"""

import re
from dataclasses import dataclass

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.ids import SESSION_ID_PATTERN, is_session_id

MAX_CHARACTERS = 20_000
MAX_IDS = 20
# Words of a text that are compared with the ids that we know.
MAX_COMPARED = 500

# A link to a session, of this panel or of an upstream.
_LINK = re.compile(
    rf"/sessions/(?:(?P<alias>[a-z][a-z0-9-]*)/)?(?P<id>{SESSION_ID_PATTERN})(?=[/?#\s>\"')\],;]|$)"
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]*")
# Letters and digits mixed, and long enough: no ordinary word looks like that.
_ID_SHAPE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_~-]{8,128}")
_TICKET = re.compile(r"[A-Z][A-Z0-9]*-\d+")
# Mail addresses and links to other pages hold words that look like ids.
_ADDRESS = re.compile(r"\S+@\S+|https?://(?!\S*/sessions/)\S+")


@dataclass(frozen=True)
class SearchInput:
    """ids: (session id, aliases to ask) in the order of the text. left_out: ids beyond MAX_IDS.

    problem: why there is nothing to look up, as a sentence that says what to do.
    """

    ids: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left_out: int = 0
    problem: str = ""


def parse_search_input(text: str) -> SearchInput:
    """Reads what was typed or pasted into the search box."""
    text = text.strip()
    if not upstream.aliases():
        return SearchInput(
            problem="No upstream account is configured, so nothing can be looked up."
        )
    if len(text) > MAX_CHARACTERS:
        problem = f"That is more than {MAX_CHARACTERS:,} characters. Paste the part with the ids."
        return SearchInput(problem=problem)
    if not re.search(r"\s", text) and "/" not in text:
        return _parse_single_word(text)
    ids = _find_ids(text)
    if not ids:
        return SearchInput(
            problem="There’s no session id in that text. Paste the id itself, or a link to it."
        )
    return SearchInput(ids=tuple(ids.items())[:MAX_IDS], left_out=max(0, len(ids) - MAX_IDS))


def _parse_single_word(word: str) -> SearchInput:
    """A single word is looked up in any shape that an id may have."""
    if not is_session_id(word):
        return SearchInput(
            problem="That isn’t a session id. An id has 1 to 128 characters of A-Z a-z 0-9 . _ ~ "
            ": - and begins with a letter or digit."
        )
    return SearchInput(ids=((word, _accounts_to_ask(word)),))


def _find_ids(text: str) -> dict[str, tuple[str, ...]]:
    """Session id -> aliases to ask: the ids of all links first, then those among the words."""
    ids = {}
    for match in _LINK.finditer(text):
        alias, session_id = match["alias"], match["id"]
        is_ours = alias in upstream.aliases()
        ids[session_id] = (alias,) if is_ours else _accounts_to_ask(session_id)
    without_links = _LINK.sub(" ", _ADDRESS.sub(" ", text))
    # The full stop or colon behind a word belongs to the sentence.
    stripped = (word.rstrip(".:~-") for word in _WORD.findall(without_links))
    words = [word for word in dict.fromkeys(stripped) if is_session_id(word)]
    compared = RemoteSession.objects.filter(session_id__in=words[:MAX_COMPARED])
    stored_ids = set(compared.values_list("session_id", flat=True))
    for word in words:
        if word in stored_ids or _is_likely_id(word):
            ids.setdefault(word, _accounts_to_ask(word))
    return ids


def _accounts_to_ask(session_id: str) -> tuple[str, ...]:
    """The accounts whose ids look like this one, or all where none does."""
    owners = [alias for alias in upstream.aliases() if upstream.api_for(alias).can_own(session_id)]
    return tuple(owners or upstream.aliases())


def _is_likely_id(word: str) -> bool:
    """Whether a word in a text is worth a call: it fits an account's pattern.

    Where an account has no pattern of its own, any mixture of letters and digits may be an id.
    """
    apis = [upstream.api_for(alias) for alias in upstream.aliases()]
    if any(api.id_pattern != SESSION_ID_PATTERN and api.can_own(word) for api in apis):
        return True
    has_open_pattern = any(api.id_pattern == SESSION_ID_PATTERN for api in apis)
    looks_like_id = _ID_SHAPE.fullmatch(word) is not None and not _TICKET.fullmatch(word)
    return has_open_pattern and looks_like_id
