"""Which sessions a bulk resume is about: ticked on the board, pasted as text, or both."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings

from pingadmin import upstream
from pingadmin.remote_sessions.lookup.search_input import parse_search_input
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.ids import is_session_id

_ALIAS = re.compile(r"[a-z][a-z0-9-]{0,31}")


class InvalidSelection(Exception):
    """These sessions can't be previewed. The text is a sentence that says what to do."""


@dataclass(frozen=True)
class SelectedSession:
    """is_guess: other accounts could own the id too, and nobody has said which is meant.

    is_pasted: it stood in a text, so nobody has seen its state yet.
    """

    alias: str
    session_id: str
    is_guess: bool = False
    is_pasted: bool = False

    @property
    def name(self) -> str:
        return f"{self.alias}/{self.session_id}"


@dataclass(frozen=True)
class Selection:
    """sessions: in the order they were given, each once. repeated: how many were given again."""

    sessions: tuple[SelectedSession, ...]
    repeated: int = 0

    @property
    def pasted(self) -> list[SelectedSession]:
        return [each for each in self.sessions if each.is_pasted]


def read_selection(names: Iterable[str], text: str = "", guesses: Iterable[str] = ()) -> Selection:
    """Puts a selection together from what a form sent. Raises InvalidSelection.

    names: `alias/id` each. guesses: the same, where nobody has said which account owns the id.
    text: anything with ids in it, as in the search box.
    """
    given = [read_session_name(name) for name in names]
    given += [read_session_name(name, is_guess=True) for name in guesses]
    given += _read_text(text) if text.strip() else []
    if not given:
        raise InvalidSelection(
            "Paste the ids of the sessions to resume, or select them on the board."
        )
    # The last of a kind wins in a dict, so the first that was given is put in last.
    by_name = {each.name: each for each in reversed(given)}
    # A guess for two accounts is one session to the person.
    count = len({each.session_id if each.is_guess else each.name for each in by_name.values()})
    if count > settings.BULK_MOST:
        raise InvalidSelection(
            f"These are {count} sessions; the limit is {settings.BULK_MOST} at a time. "
            f"Remove {count - settings.BULK_MOST}."
        )
    return Selection(tuple(reversed(by_name.values())), repeated=len(given) - len(by_name))


def read_session_name(name: str, *, is_guess: bool = False) -> SelectedSession:
    """`alias/id` as a checkbox sends it; the board's end with a slash. Raises InvalidSelection."""
    alias, _, session_id = name.removesuffix("/").partition("/")
    if not _ALIAS.fullmatch(alias) or not is_session_id(session_id):
        raise InvalidSelection("We couldn’t read one of the sessions. Select them again.")
    return SelectedSession(alias, upstream.canonical_id(alias, session_id), is_guess)


def _read_text(text: str) -> list[SelectedSession]:
    pasted = parse_search_input(text, most=settings.BULK_MOST)
    if pasted.problem:
        raise InvalidSelection(pasted.problem)
    if pasted.left_out:
        count = len(pasted.ids) + pasted.left_out
        raise InvalidSelection(
            f"That text holds {count} ids; the limit is {settings.BULK_MOST} at a time. "
            f"Remove {pasted.left_out}."
        )
    return [
        candidate
        for session_id, aliases in pasted.ids
        for candidate in _candidates(session_id, aliases)
    ]


def _candidates(session_id: str, aliases: tuple[str, ...]) -> list[SelectedSession]:
    """One for each account that could own the id. The only one known to have it is no guess."""
    candidates = [
        SelectedSession(alias, upstream.canonical_id(alias, session_id), is_pasted=True)
        for alias in aliases
    ]
    stored = RemoteSession.objects.filter(session_id__in=[each.session_id for each in candidates])
    stored_names = {str(session) for session in stored}
    # The only candidate is certain; of several, the only one that we know. Else all are guesses.
    certain = candidates
    if len(candidates) > 1:
        certain = [each for each in candidates if each.name in stored_names]
    return [replace(each, is_guess=certain != [each]) for each in candidates]
