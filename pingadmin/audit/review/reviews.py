"""Reviewing audit entries: marking one, finding the next, and the week's progress.

A mark is a further event of its entry. A changed mind is a further mark, and the last one counts.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.marks import Mark
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.querysets import AuditEventQuerySet
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor


class NotMarked(Exception):
    """Nothing was marked; the message says why, as a sentence for the reviewer."""


class OwnEntry(NotMarked):
    def __init__(self) -> None:
        super().__init__("You acted in this entry, so somebody else has to review it.")


class NoteMissing(NotMarked):
    def __init__(self) -> None:
        super().__init__("Say in a few words what’s wrong. Whoever follows up reads only this.")


@dataclass(frozen=True)
class MarkedEntry:
    """event: the mark. unseen_marks: marks by others that the reviewer's page did not show yet.

    Those stay in the log, and this one counts.
    """

    event: AuditEvent
    unseen_marks: list[AuditEvent]


def mark_entry(
    *, head_seq: int, state: str, note: str, last_seen_seq: int, by: Actor
) -> MarkedEntry:
    """Marks an entry as reviewed, or as flagged with a note. One transaction.

    head_seq: the entry's head. last_seen_seq: the last event of the entry that the reviewer's page
    showed; with it, a form that is sent twice puts one mark.
    Raises OwnEntry, NoteMissing, or NotMarked for an entry that needs no review.
    """
    mark = Mark.for_state(state)
    with transaction.atomic():
        entry = _reviewable_entry(head_seq)
        if entry.has_act_of(by.id):
            raise OwnEntry
        if mark is Mark.FLAGGED and not note:
            raise NoteMissing
        unseen = AuditEvent.objects.marks().of_entry(head_seq).after(last_seen_seq)
        event = unseen.filter(actor_id=by.id, action=mark, reason=note).last()
        event = event or trail.append(
            action=mark.value,
            phase="mark",
            by=by,
            story=head_seq,
            alias=entry.head.alias,
            session_id=entry.head.session_id,
            reason=note,
        )
        # Read after the append: its lock lets no other mark come between.
        others = unseen.filter(seq__lt=event.seq).exclude(actor_id=by.id)
        return MarkedEntry(event, list(others))


def next_to_review(
    heads: AuditEventQuerySet, *, after_seq: int, person_id: str
) -> AuditEvent | None:
    """The head to review after that one: the next older one, else the newest.

    Entries in which that person acted are left out: somebody else reviews them.
    """
    heads = heads.without_acts_of(person_id).newest_first()
    return heads.filter(seq__lt=after_seq).first() or heads.filter(seq__gt=after_seq).first()


def progress_this_week() -> dict[str, int]:
    """`done` of `all` entries since Monday in the viewer's zone. An entry with any mark is done."""
    today = timezone.localdate()
    monday = datetime.combine(today - timedelta(days=today.weekday()), time())
    heads = AuditEvent.objects.heads().needing_review().filter(at__gte=timezone.make_aware(monday))
    return heads.aggregate(all=Count("seq"), done=Count("seq", filter=heads.is_marked()))


def _reviewable_entry(head_seq: int) -> AuditEntry:
    heads = AuditEvent.objects.heads().filter(seq=head_seq)
    for entry in load_entries(heads):
        if entry.review_state is not None:
            return entry
    raise NotMarked("This entry doesn’t need a review.")
