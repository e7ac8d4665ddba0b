"""What a message says: who, what, which session, why, and where to look.

Nothing that an upstream said is in it. Slack reads `<...>` as links and mentions, other receivers
of the same JSON read a bare `@channel`: neither gets through.
"""

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse

from pingadmin.audit.actions import action_named
from pingadmin.audit.entries.entries import AuditEntry
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent
from pingadmin.notifications.models import Notification
from pingadmin.web.wording import full_utc, visible

REASON_MOST = 140


def text_of(notification: Notification) -> str:
    """A few lines of plain text. Where PANEL_URL is set, they end with the pages to look at."""
    event = AuditEvent.objects.get(seq=notification.event_seq)
    entry = AuditEntry([AuditEvent.objects.get(seq=event.story)])
    lines = _LINES[Notification.Reason(notification.reason)](event, entry)
    return "\n".join([*lines, *_addresses(event, entry)])


def text_of_test() -> str:
    """What `notify_test` sends."""
    lines = ["A test message of pingadmin: this webhook works."]
    if settings.PANEL_URL:
        lines.append(settings.PANEL_URL + reverse("collector:health"))
    return "\n".join(lines)


def plain(text: str, most: int = REASON_MOST) -> str:
    """Foreign text on one line, short, in which nothing is a link or a mention."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    escaped = visible(short).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "＠")


def _unknown_lines(event: AuditEvent, entry: AuditEntry) -> Iterator[str]:
    yield f"*Unknown outcome*: {_action(entry.head)}, {full_utc(event.at)}."
    result = entry.action.result_for(event.result, event.verified)
    advice = result.advice if result else ""
    yield f"It may or may not have worked. {advice}".strip()
    if event.batch:
        unknown = AuditEvent.objects.filter(batch=event.batch, phase="outcome", result="unknown")
        yield (
            f"It belongs to a bulk action with {unknown.count()} unknown so far; "
            "the others get no message."
        )
    yield from _reason_lines(entry.head)


def _flagged_lines(event: AuditEvent, entry: AuditEntry) -> Iterator[str]:
    yield f"*Flagged in review* by {plain(event.actor_name)}: {_action(entry.head)}."
    if event.reason:
        yield f"Note: {plain(event.reason)}"
    yield from _reason_lines(entry.head)


def _limit_lines(event: AuditEvent, entry: AuditEntry) -> Iterator[str]:
    yield f"*Limit on look-ups*: {plain(event.actor_name)} reached it, {full_utc(event.at)}."
    yield "A busy shift does that, and so does somebody who tries ids. Ask them."


def _break_glass_lines(event: AuditEvent, entry: AuditEntry) -> Iterator[str]:
    name = plain(event.actor_name)
    yield f"*Emergency account used*: {name} signed in with its password, {full_utc(event.at)}."
    yield "Passwords are for emergencies here. Find out who it was and why."


def _waiting_lines(event: AuditEvent, entry: AuditEntry) -> Iterator[str]:
    name = f"{plain(event.alias)} {plain(event.session_id)}"
    yield f"*An agent waits for an answer*: {name}, seen {full_utc(event.at)}."
    yield "What it asks is on the session’s page; it isn’t stored or sent."


def _schedule_lines(event: AuditEvent, entry: AuditEntry) -> Iterator[str]:
    name = f"{plain(event.alias)} {plain(event.session_id)}"
    if event.phase == "outcome":
        result = entry.action.result_for(event.result, event.verified)
        label = result.label.lower() if result else event.result
        yield f"*Scheduled resume {plain(label)}*: {name}, {full_utc(event.at)}."
        advice = result.advice if result else ""
        yield f"Scheduled by {plain(entry.head.actor_name)}. {advice}".strip()
        yield from _reason_lines(entry.head)
        return
    detail = read_detail(event)
    yield f"*{plain(entry.action.label)}*: {name}, {full_utc(event.at)}. Nothing was sent."
    yield f"Scheduled by {plain(str(detail.get('scheduled_by', '')))}."
    yield f"Why not: {plain(str(detail.get('why', '')))}"
    yield from _reason_lines(event)


def _action(head: AuditEvent) -> str:
    """`resume of ping ses_1 by ana`."""
    action = plain(action_named(head.action).label.lower())
    return f"{action} of {plain(head.alias)} {plain(head.session_id)} by {plain(head.actor_name)}"


def _reason_lines(head: AuditEvent) -> Iterator[str]:
    if head.reason:
        yield f"Reason: {plain(head.reason)}"
    if head.ticket:
        yield f"Ticket: {plain(head.ticket)}"


def _addresses(event: AuditEvent, entry: AuditEntry) -> list[str]:
    """The pages of the batch, of the entry and of the session. None where PANEL_URL is not set."""
    if not settings.PANEL_URL:
        return []
    batch_link = entry.batch_link if event.phase == "outcome" else None
    addresses = [
        batch_link.address if batch_link else "",
        entry.get_absolute_url(),
        entry.object_address,
    ]
    return [settings.PANEL_URL + address for address in addresses if address]


_LINES = {
    Notification.Reason.UNKNOWN_OUTCOME: _unknown_lines,
    Notification.Reason.FLAGGED_REVIEW: _flagged_lines,
    Notification.Reason.SCHEDULE_NOT_SENT: _schedule_lines,
    Notification.Reason.AGENT_WAITING: _waiting_lines,
    Notification.Reason.LOOK_UP_LIMIT: _limit_lines,
    Notification.Reason.BREAK_GLASS: _break_glass_lines,
}
