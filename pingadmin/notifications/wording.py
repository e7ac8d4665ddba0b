"""What a message says: who, what, which session, why, and where to look. Nothing that an upstream said is in it.

Slack reads `<...>` as links and mentions, other takers of the same JSON read a bare `@channel`: neither gets through.
"""

from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings

from pingadmin.audit.models import AuditEvent
from pingadmin.notifications.models import Notification
from pingadmin.web.wording import full_utc, visible

REASON_MOST = 140


def text_of(notification: Notification) -> str:
    """A few lines of plain text; the address of the story where PANEL_URL is set."""
    event = AuditEvent.objects.get(seq=notification.event_seq)
    head = AuditEvent.objects.get(seq=event.story)
    lines = (
        _flagged(event, head)
        if notification.reason == Notification.Reason.FLAGGED_REVIEW
        else _unknown(event, head)
    )
    return "\n".join([*lines, *_addresses(event, head)])


def text_of_test() -> str:
    """What `notify_test` sends."""
    return "\n".join(["A test message of pingadmin: this webhook works.", *_address("/collector/")])


def plain(text: str, most: int = REASON_MOST) -> str:
    """Foreign text on one line, short, in which nothing is a link or a mention."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    escaped = visible(short).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "＠")


def _unknown(event: AuditEvent, head: AuditEvent) -> Iterator[str]:
    act = plain(head.action.replace("_", " "))
    yield f"*Unknown outcome*: {act} of {_session(head)} by {plain(head.actor_name)}, {full_utc(event.at)}."
    yield "It may or may not have been done. Check the session before anybody tries again."
    if event.batch:
        count = AuditEvent.objects.filter(
            batch=event.batch, phase="outcome", result="unknown"
        ).count()
        yield f"It belongs to a bulk resume with {count} unknown so far; the others get no message."
    yield from _reason_lines(head)


def _flagged(event: AuditEvent, head: AuditEvent) -> Iterator[str]:
    act = plain(head.action.replace("_", " "))
    yield f"*Flagged in review* by {plain(event.actor_name)}: {act} of {_session(head)} by {plain(head.actor_name)}."
    if event.reason:
        yield f"Note: {plain(event.reason)}"
    yield from _reason_lines(head)


def _session(head: AuditEvent) -> str:
    return f"{plain(head.alias)} {plain(head.session_id)}"


def _reason_lines(head: AuditEvent) -> Iterator[str]:
    if head.reason:
        yield f"Reason: {plain(head.reason)}"
    if head.ticket:
        yield f"Ticket: {plain(head.ticket)}"


def _addresses(event: AuditEvent, head: AuditEvent) -> Iterator[str]:
    if event.batch and event.phase == "outcome":
        yield from _address(f"/resumes/bulk/{quote(event.batch, safe='')}/")
    yield from _address(f"/audit/{head.seq}/")
    if head.alias and head.session_id:
        yield from _address(
            f"/sessions/{quote(head.alias, safe='')}/{quote(head.session_id, safe='')}/"
        )


def _address(path: str) -> Iterator[str]:
    if settings.PANEL_URL:
        yield settings.PANEL_URL + path
