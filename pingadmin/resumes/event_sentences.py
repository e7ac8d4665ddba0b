"""What an audit event of a resume or pause stores, in sentences.

The stored names are hashed and so stay; a value that is not what this version writes is left to be
shown as it is stored.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.actions import Description
from pingadmin.audit.entries.stored_json import read_detail, read_stored
from pingadmin.audit.models import AuditEvent
from pingadmin.remote_sessions.models import ObservationSource
from pingadmin.upstream.errors import FAILURES
from pingadmin.web import wording

_SHOWN_NAMES = {
    "state",
    "state_doubted",
    "seen_at",
    "age_seconds",
    "source",
    "paused",
    "paused_grade",
    "paused_said_at",
    "shown_at",
}
# What a check stores of "paused" -> its words.
_PAUSED_FOUND = {
    "yes": "and paused",
    "no": "and not paused",
    "not said": "and didn’t say whether it was paused",
}
# What a check stores of the effect of a message or a cancellation -> its words.
_EFFECTS = {
    "yes": "The conversation showed the effect.",
    "no": "The conversation did not show the effect.",
    "not said": "The conversation didn’t say whether it had an effect.",
}
_PAUSED = {"yes": "paused", "no": "not paused"}


def describe_event(event: AuditEvent) -> Description:
    """What the person saw before acting, and how the call went."""
    sentences: list[str] = []
    said: set[str] = set()
    if (shown := read_stored(event.shown)) and (text := _what_was_shown(event, shown)):
        sentences.append(text)
        said |= _SHOWN_NAMES
    detail = read_detail(event)
    if text := _how_the_call_went(event, detail):
        sentences.append(text)
        said |= {"word", "elapsed_ms"}
    if event.action == "look" and (text := _what_a_check_found(event, detail)):
        sentences.append(text)
        said |= {"state", "paused", "error"}
    if event.action == "message" and (text := _what_was_written(event, detail)):
        sentences.append(text)
        said |= {"sent_lines", "question", "after_id"}
    if event.action == "look" and (text := _EFFECTS.get(str(detail.get("effect")), "")):
        sentences.append(text)
        said |= {"effect"}
    text, names = _what_was_scheduled(event, detail)
    if text:
        sentences.append(text)
        said |= names
    return Description(tuple(sentences), frozenset(said))


def _what_was_written(event: AuditEvent, detail: Mapping[str, Any]) -> str:
    """`Ana wrote, in answer to question 3: “Yes.”` A slash stands between lines."""
    lines, question = detail.get("sent_lines"), detail.get("question")
    if not (isinstance(lines, list) and all(isinstance(line, str) for line in lines)):
        return ""
    answered = f", in answer to question {question}" if isinstance(question, int) else ""
    return f"{event.actor_name} wrote{answered}: “{' / '.join(lines)}”"


def _what_was_scheduled(event: AuditEvent, detail: Mapping[str, Any]) -> tuple[str, set[str]]:
    """What an event says of a scheduled resume, and the names of the values that this tells."""
    due_at, number = detail.get("due_at"), detail.get("scheduled_event")
    if not isinstance(due_at, str):
        return "", set()
    due = _moment(due_at)
    if event.action == "resume_schedule":
        return f"To be sent {due}, unless something speaks against it then.", {"due_at"}
    if not isinstance(number, int):
        return "", set()
    if event.phase == AuditEvent.Phase.INTENT:
        since = _moment(detail.get("scheduled_at"))
        said = {"due_at", "scheduled_event", "scheduled_at"}
        return f"Nobody clicked: it was scheduled {since} for {due[3:]} (audit #{number}).", said
    who, why = detail.get("scheduled_by"), detail.get("why")
    if not (isinstance(who, str) and isinstance(why, str)):
        return "", set()
    said = {"due_at", "scheduled_event", "scheduled_by", "why"}
    return f"{who} had scheduled it for {due[3:]} (audit #{number}). Not sent: {why}.", said


def _what_was_shown(event: AuditEvent, shown: Mapping[str, Any]) -> str:
    state, age = shown.get("state"), shown.get("age_seconds")
    if not isinstance(state, str) or not (age is None or isinstance(age, int)):
        return ""
    when = "" if age is None else f", {_age(age)}"
    facts = f"{state.lower()}{when} ({_source(shown)})"
    doubt = shown.get("state_doubted")
    doubted = f", in doubt: {_label(event)} {doubt}" if doubt else ""
    return f"{event.actor_name} saw: {facts}{doubted}; {_paused(shown, event)}."


def _age(seconds: int) -> str:
    return "just now" if seconds < 2 else wording.age(seconds)


def _source(shown: Mapping[str, Any]) -> str:
    source = str(shown.get("source", ""))
    return str(dict(ObservationSource.choices).get(source, source or "source not stored"))


def _paused(shown: Mapping[str, Any], event: AuditEvent) -> str:
    said_at = shown.get("paused_said_at")
    if known := _PAUSED.get(str(shown.get("paused", ""))):
        return f"{known}, reported {_moment(said_at)}" if said_at else known
    if said_at:
        return f"whether it was paused was uncertain, last reported {_moment(said_at)}"
    return f"{_label(event)} hadn’t reported whether it was paused"


def _moment(stored: object) -> str:
    try:
        at = datetime.fromisoformat(str(stored))
        return "at " + wording.moment(at, now=timezone.now(), zone=timezone.get_current_timezone())
    except (ValueError, OverflowError, TypeError):
        return f"at {stored}"


def _how_the_call_went(event: AuditEvent, detail: Mapping[str, Any]) -> str:
    """`Ping closed the connection after 3 ms.`"""
    elapsed, failure = detail.get("elapsed_ms"), detail.get("word")
    if not isinstance(elapsed, int):
        return ""
    if not failure:
        return f"{_label(event)} answered after {elapsed:,} ms."
    if failure not in FAILURES:
        return ""
    if event.result == "not_sent":
        return f"Nothing was sent: {_label(event)} {FAILURES[failure]} (after {elapsed:,} ms)."
    return f"{_label(event)} {FAILURES[failure]}, after {elapsed:,} ms."


def _what_a_check_found(event: AuditEvent, detail: Mapping[str, Any]) -> str:
    """`Ping described it as connected, and doesn’t say whether it is paused.`"""
    state, error = detail.get("state"), detail.get("error")
    if error == "not_configured":
        return f"It couldn’t be checked: the account {event.alias} is no longer configured."
    if error in FAILURES:
        return f"The check failed: {_label(event)} {FAILURES[error]}."
    paused = _PAUSED_FOUND.get(str(detail.get("paused")))
    if not isinstance(state, str) or not paused:
        return ""
    return f"{_label(event)} described it as {state}, {paused}."


def _label(event: AuditEvent) -> str:
    return upstream.get_label(event.alias) if event.alias in upstream.aliases() else event.alias
