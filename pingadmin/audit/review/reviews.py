"""Reviews: the marks that people put on stories, what waits for one, and how far the team has come.

A mark is a further event of its story: a changed mind is a further mark, and the last one counts.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from pingadmin.audit.entries import entries
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor, ActorKind

STATES = {"pending": "To review", "reviewed": "Reviewed", "flagged": "Flagged"}
NEED_REVIEW = Q(action__in=entries.ACTS_ON_SESSIONS, phase="intent")

_ACTIONS = {word: action for action, word in entries.MARKS.items()}


class NotMarked(Exception):
    """Nothing was marked, and the sentence that says why."""


class OwnAct(NotMarked):
    def __init__(self):
        super().__init__("You acted in this story, so somebody else reviews it.")


class NoteMissing(NotMarked):
    def __init__(self):
        super().__init__("Say in a few words what is wrong: whoever follows up reads only this.")


@dataclass(frozen=True)
class Marked:
    """event: the mark. meanwhile: marks by others that the reviewer had not seen; they stay, and count less."""

    event: AuditEvent
    meanwhile: list[AuditEvent]


def mark(*, story: int, word: str, note: str, seen: int, by: Actor) -> Marked:
    """Marks the story of that head as `reviewed`, or as `flagged` with a note. One transaction.

    seen: the seq of the story's last event that the reviewer was shown; a form that is sent twice is one mark.
    Raises OwnAct, NoteMissing, or NotMarked for a story that needs no review.
    """
    with transaction.atomic():
        told = _told(story)
        if told.has_hand_of(by.id):
            raise OwnAct
        if word == "flagged" and not note:
            raise NoteMissing
        unseen = marks().filter(story=story, seq__gt=seen)
        event = unseen.filter(actor_id=by.id, action=_ACTIONS[word], reason=note).last()
        event = event or trail.append(
            action=_ACTIONS[word],
            phase="mark",
            by=by,
            story=story,
            alias=told.head.alias,
            session_id=told.head.session_id,
            reason=note,
        )
        # Read after the append: its lock lets no other mark come between.
        return Marked(event, list(unseen.filter(seq__lt=event.seq).exclude(actor_id=by.id)))


def marks() -> QuerySet:
    """Every mark, oldest first."""
    return AuditEvent.objects.filter(phase="mark", action__in=entries.MARKS).order_by("seq")


def in_state(heads: QuerySet, state: str) -> QuerySet:
    """Only stories that need a review and stand so: pending, reviewed or flagged."""
    heads = heads.filter(NEED_REVIEW)
    if state == "pending":
        return heads.filter(~_is_marked())
    later = marks().filter(story=OuterRef("story"), seq__gt=OuterRef("seq"))
    last = marks().filter(~Exists(later), action=_ACTIONS[state])
    return heads.filter(seq__in=last.order_by().values("story"))


def next_for(heads: QuerySet, *, below: int, person_id: str) -> AuditEvent | None:
    """The head to review next: the next older one, else the newest; never one in which that person acted."""
    own = AuditEvent.objects.filter(
        story=OuterRef("seq"), actor_kind=ActorKind.PERSON, actor_id=person_id
    ).exclude(phase="mark")
    heads = heads.filter(~Exists(own)).order_by("-seq")
    return heads.filter(seq__lt=below).first() or heads.filter(seq__gt=below).first()


def progress_this_week() -> dict[str, int]:
    """`done` of `all` acts since Monday, in the viewer's zone; one with any mark is done."""
    today = timezone.localdate()
    monday = datetime.combine(today - timedelta(days=today.weekday()), time())
    heads = entries.all_heads().filter(NEED_REVIEW, at__gte=timezone.make_aware(monday))
    return heads.aggregate(all=Count("seq"), done=Count("seq", filter=_is_marked()))


def _told(seq: int) -> entries.Story:
    head = entries.all_heads().filter(seq=seq).first()
    told = entries.of([head])[0] if head else None
    if told is None or not told.review:
        raise NotMarked("This story needs no review.")
    return told


def _is_marked() -> Exists:
    return Exists(marks().filter(story=OuterRef("seq")))
