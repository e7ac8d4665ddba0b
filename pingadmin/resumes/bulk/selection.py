"""Which sessions a bulk resume is about: ticked on the board, pasted as text, or both."""

import re
from dataclasses import dataclass, replace

from pingadmin import upstream
from pingadmin.remote_sessions.lookup.search_input import MAX_IDS, parse_search_input
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.ids import is_session_id

MOST = MAX_IDS
_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,31}")


class NotChosen(Exception):
    """The choice cannot be previewed; the text is a sentence that says what to do."""


@dataclass(frozen=True)
class Named:
    """One session that was named. is_guess: other accounts could own the id too, and nobody has said which."""

    alias: str
    session_id: str
    is_guess: bool = False

    @property
    def name(self) -> str:
        return f"{self.alias}/{self.session_id}"


@dataclass(frozen=True)
class Choice:
    """named: in the order they were given, each once. repeated: how many were given again."""

    named: tuple[Named, ...]
    repeated: int = 0


def read_choice(names: list[str], text: str = "", guesses: list[str] | None = None) -> Choice:
    """names: `alias/id` each; guesses: the same, where nobody has said which account owns the id. text: anything
    with ids in it, as for the box. Raises NotChosen."""
    given = [read_name(name) for name in names] + [
        read_name(name, is_guess=True) for name in guesses or []
    ]
    given += _in_text(text) if text.strip() else []
    if not given:
        raise NotChosen("Paste the ids of the sessions to resume, or tick them on the board.")
    named = {each.name: each for each in reversed(given)}
    count = len({each.session_id if each.is_guess else each.name for each in named.values()})
    if count > MOST:
        raise NotChosen(
            f"These are {count} sessions; {MOST} at a time is the most. Take {count - MOST} out."
        )
    return Choice(tuple(reversed(named.values())), repeated=len(given) - len(named))


def read_name(name: str, *, is_guess: bool = False) -> Named:
    """`alias/id` as sent by a checkbox; the board's end with a slash. Raises NotChosen."""
    alias, _, session_id = name.removesuffix("/").partition("/")
    if not _ALIAS.fullmatch(alias) or not is_session_id(session_id):
        raise NotChosen(
            "One of the sessions was not named as this panel does it. Choose them again."
        )
    return Named(alias, upstream.canonical_id(alias, session_id), is_guess)


def _in_text(text: str) -> list[Named]:
    pasted = parse_search_input(text)
    if pasted.problem:
        raise NotChosen(pasted.problem)
    if pasted.left_out:
        count = len(pasted.ids) + pasted.left_out
        raise NotChosen(
            f"That text holds {count} ids; {MOST} at a time is the most. Take {pasted.left_out} out."
        )
    return [named for session_id, aliases in pasted.ids for named in _owners(session_id, aliases)]


def _owners(session_id: str, aliases: tuple[str, ...]) -> list[Named]:
    """One name for each account that could own the id; the only one that is known to have it is no guess."""
    names = [Named(alias, upstream.canonical_id(alias, session_id)) for alias in aliases]
    known = set(
        map(str, RemoteSession.objects.filter(session_id__in=[each.session_id for each in names]))
    )
    sure = names if len(names) == 1 else [each for each in names if each.name in known]
    return [replace(each, is_guess=sure != [each]) for each in names]
