"""Finds session ids in whatever was typed or pasted: a bare id, a link, or a whole ticket.

Pure, but for the ids of sessions that we know.
"""

import re
import unicodedata
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
_ENTRY_NUMBER = re.compile(r"(?:audit\s*)?#\d+", re.IGNORECASE)
# What stands around a name that was copied out of a sentence, a quotation, code or JSON.
_WRAPPING = "\"'`()[]{}<>,;!?“”‘’„«»*|"
_KEY = re.compile(
    r"^#(?!\d+$)|^[\w-]+=|^(?:session|session[_-]?id|id|client|ticket):", re.IGNORECASE
)
# Mail addresses and links to other pages hold words that look like ids.
_ADDRESS = re.compile(r"\S+@\S+|https?://(?!\S*/sessions/)\S+")


@dataclass(frozen=True)
class SearchInput:
    """ids: (session id, aliases to ask) in the order of the text. left_out: ids beyond the limit.

    is_likely: False where the one id is a word that may as well be anything else.
    is_possible: False where the one id fits no account's ids: it is asked for only on request.
    problem: why there is nothing to look up, as a sentence that says what to do.
    """

    ids: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left_out: int = 0
    is_likely: bool = True
    is_possible: bool = True
    problem: str = ""


def strip_wrapping(text: str) -> str:
    """The text without invisible characters, and without what was copied along with a name:
    quotes, brackets, a full stop, `session_id=`, a `#` that is not the number of an audit entry.
    """
    text = _strip_invisible(text)
    before = None
    while text != before:
        before = text
        text = _KEY.sub("", text.strip().strip(_WRAPPING).rstrip(".:").strip())
    return text


def parse_search_input(text: str, *, most: int = MAX_IDS) -> SearchInput:
    """Reads what was typed or pasted into the search box. most: how many ids to take of it."""
    text = _strip_invisible(text).strip()
    if not upstream.aliases():
        return SearchInput(
            problem="No upstream account is configured, so nothing can be looked up."
        )
    if len(text) > MAX_CHARACTERS:
        problem = f"That is more than {MAX_CHARACTERS:,} characters. Paste the part with the ids."
        return SearchInput(problem=problem)
    name = strip_wrapping(text)
    if is_session_id(name):
        return SearchInput(
            ids=((name, _accounts_to_ask(name)),),
            is_likely=_is_likely_id(name),
            is_possible=bool(_owners_of(name)),
        )
    if _ENTRY_NUMBER.fullmatch(name):
        return SearchInput(problem=f"Our records have no audit entry {name}, nor a ticket {name}.")
    ids = _find_ids(text)
    if not ids and not re.search(r"\s", name):
        return SearchInput(
            problem="That isn’t a session id, and none of our records has it. An id has 1 to 128 "
            "characters of A-Z a-z 0-9 . _ ~ : - and begins with a letter or digit. Paste it again."
        )
    if not ids:
        return SearchInput(
            problem="There’s no session id in that text, and none of our records has it. Paste the "
            "id itself, a link to it, a client’s name or a ticket."
        )
    return SearchInput(ids=tuple(ids.items())[:most], left_out=max(0, len(ids) - most))


def find_tickets(text: str) -> list[str]:
    """What looks like a ticket in a text, such as INC-4412, each once, in its order."""
    return list(dict.fromkeys(_TICKET.findall(text[:MAX_CHARACTERS])))


def _strip_invisible(text: str) -> str:
    """Without characters that nobody sees, such as a zero-width space; line breaks stay."""
    return "".join(
        each for each in text if unicodedata.category(each) not in {"Cf", "Cc"} or each.isspace()
    )


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
    # `session_id:ses_1` is one word, and `ses_1` the part of it that is meant.
    parts = (part for word in stripped for part in (word, word.rpartition(":")[2]))
    words = [word for word in dict.fromkeys(parts) if is_session_id(word)]
    compared = RemoteSession.objects.filter(session_id__in=words[:MAX_COMPARED])
    stored_ids = set(compared.values_list("session_id", flat=True))
    for word in words:
        if word in stored_ids or _is_likely_id(word):
            ids.setdefault(word, _accounts_to_ask(word))
    return ids


def _accounts_to_ask(session_id: str) -> tuple[str, ...]:
    """The accounts whose ids look like this one, or all where none does."""
    return tuple(_owners_of(session_id) or upstream.aliases())


def _owners_of(session_id: str) -> list[str]:
    return [alias for alias in upstream.aliases() if upstream.api_for(alias).can_own(session_id)]


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
