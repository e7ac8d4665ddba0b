"""The registry of audit actions: what people read for a stored action, and where its entries lead.

Each feature registers its own actions from its app's ready(), so the audit log names no feature:

    actions.register(AuditAction("view_saved", "View saved", object_name=...))

An action that nobody registered is shown by its stored word, and is never shown as a success.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pingadmin.audit.models import AuditEvent


NO_OUTCOME_YET = "No outcome yet"
# For a stored word that this version doesn't know.
UNRECOGNISED = "Unrecognised"


@dataclass(frozen=True)
class ActionResult:
    """One way in which an action can end.

    name: its value in the log's filter, the same for every action that can end so.
    stored: the word in the event's `result`. is_verified: for a stored word that means two things,
    depending on whether a later check showed the effect; None where that makes no difference.
    tone: the name of a colour in the style sheet.
    filter_label: what the filter calls it where actions have different labels for it.
    advice: what people should do about it, in a sentence; "" for nothing.
    """

    name: str
    stored: str
    label: str
    tone: str
    is_verified: bool | None = None
    filter_label: str = ""
    advice: str = ""


@dataclass(frozen=True)
class BatchLink:
    """The page of the batch that an event belongs to.

    label: says which batch it is. permission: who may open the page; others read the label alone.
    """

    label: str
    address: str
    permission: str


def _no_text(event: AuditEvent) -> str:
    return ""


def _no_batch_link(event: AuditEvent) -> BatchLink | None:
    return None


@dataclass(frozen=True)
class Description:
    """What an event stores, in words.

    sentences: plain text, to be escaped. said: the names in its `shown` and `detail` that the
    sentences have told; the others are shown with their labels.
    """

    sentences: tuple[str, ...] = ()
    said: frozenset[str] = frozenset()


def _no_description(event: AuditEvent) -> Description:
    return Description()


def sentence(text: str) -> Callable[[AuditEvent], str]:
    """The same sentence for every event of an action."""
    return lambda event: text


@dataclass(frozen=True)
class AuditAction:
    """What people read for one stored action.

    name: the stored word. label: for people, in sentence case.
    results: how it can end; empty for an action that is recorded once and has no outcome.
    needs_review: whether an intent of it waits in the review queue.
    object_name: what an event is about, such as a session's id or a person's name; "" for nothing.
    sentence: what whoever acted did, as the rest of a sentence after their name, with {object} for
    the object. describe: what an event stores, as sentences, and the names of the stored values
    that they leave unsaid.
    address: the page of that object, "" where there is none.
    batch_link: the page of the batch that an event belongs to, None where nothing is known of it.
    """

    name: str
    label: str
    results: tuple[ActionResult, ...] = ()
    needs_review: bool = False
    object_name: Callable[[AuditEvent], str] = _no_text
    address: Callable[[AuditEvent], str] = _no_text
    batch_link: Callable[[AuditEvent], BatchLink | None] = _no_batch_link
    sentence: Callable[[AuditEvent], str] | None = None
    describe: Callable[[AuditEvent], Description] = _no_description

    def result_for(self, stored: str, is_verified: bool | None) -> ActionResult | None:
        """The result of these stored words, None where the action has no such result."""
        for result in self.results:
            if result.stored == stored and result.is_verified in (None, is_verified is True):
                return result
        return None


_actions: dict[str, AuditAction] = {}
_field_labels: dict[str, str] = {}


def register(*actions: AuditAction, field_labels: Mapping[str, str] | None = None) -> None:
    """Adds a feature's actions, and labels for names in what it stores as `shown` and `detail`.

    Raises ValueError for an action that was registered with another meaning.
    """
    for action in actions:
        if _actions.get(action.name, action) != action:
            raise ValueError(f"The audit action {action.name!r} is registered twice.")
        _actions[action.name] = action
    _field_labels.update(field_labels or {})


def action_named(name: str) -> AuditAction:
    """The registered action; for a name that nobody registered, one that is labelled by it."""
    return _actions.get(name) or AuditAction(name, spelled_out(name))


def name_for(text: str) -> str:
    """The stored word of the action with this label, in any case; any other text as it is."""
    labelled = (
        action.name for action in _actions.values() if action.label.casefold() == text.casefold()
    )
    return text if text in _actions else next(labelled, text)


def choices() -> list[tuple[str, str]]:
    """Every registered action as (stored word, label), by label."""
    return sorted(
        ((action.name, action.label) for action in _actions.values()), key=lambda pair: pair[1]
    )


def names_needing_review() -> list[str]:
    """The stored words of all actions that a reviewer must look at."""
    return [action.name for action in _actions.values() if action.needs_review]


def registered_results() -> dict[str, ActionResult]:
    """Every result that some action can end with, by its value in the log's filter."""
    results: dict[str, ActionResult] = {}
    for action in _actions.values():
        for result in action.results:
            results.setdefault(result.name, result)
    return results


def field_label(name: str) -> str:
    """What people read for a name in a stored `shown` or `detail`."""
    return _field_labels.get(name) or spelled_out(name)


def spelled_out(word: str) -> str:
    """`view_saved` as `View saved`."""
    return word.replace("_", " ").capitalize()


def labels_of(results: Iterable[ActionResult]) -> dict[str, str]:
    """Choices for a filter by result: value -> label."""
    return {result.name: result.filter_label or result.label for result in results}
