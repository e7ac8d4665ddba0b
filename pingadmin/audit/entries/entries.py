"""Audit entries: an intent or a single event, with everything that followed it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from pingadmin.audit.actions import AuditAction, BatchLink, action_named
from pingadmin.audit.entries.labels import Label, missing_result_label, result_label
from pingadmin.audit.marks import Mark, ReviewState
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import ActorKind


@dataclass(frozen=True)
class AuditEntry:
    """events: the head and the later events of the entry, in order."""

    events: list[AuditEvent]

    @property
    def head(self) -> AuditEvent:
        return self.events[0]

    @property
    def action(self) -> AuditAction:
        """What the entry's feature registered for its action."""
        return action_named(self.head.action)

    @property
    def result(self) -> str:
        """The stored word of the last result that an event states, "" where none does."""
        return next((event.result for event in reversed(self.events) if event.result), "")

    @property
    def is_verified(self) -> bool | None:
        """Whether a check has shown the effect, by the last event that says so, or None."""
        return next(
            (event.verified for event in reversed(self.events) if event.verified is not None), None
        )

    @property
    def result_label(self) -> str:
        """How it ended, for people. An entry without a result says that too."""
        return self._label.text

    @property
    def tone(self) -> str:
        """The name of the result's colour."""
        return self._label.tone

    @property
    def resolved_by(self) -> str:
        """Who resolved an unknown outcome, "" where nobody did."""
        return next(
            (
                event.actor_name
                for event in reversed(self.events)
                if event.phase == AuditEvent.Phase.CLOSURE
            ),
            "",
        )

    @property
    def last_mark(self) -> AuditEvent | None:
        """The reviewer's mark that counts."""
        marks = [
            event
            for event in self.events
            if event.phase == AuditEvent.Phase.MARK and event.action in Mark.values
        ]
        return marks[-1] if marks else None

    @property
    def review_state(self) -> ReviewState | None:
        """How it stands in the review queue; None for an entry that needs no review."""
        if not self.action.needs_review or self.head.phase != AuditEvent.Phase.INTENT:
            return None
        return Mark(self.last_mark.action).state if self.last_mark else ReviewState.PENDING

    def has_act_of(self, person_id: str) -> bool:
        """Whether that person acted in it. Reviewing it is not acting in it."""
        return any(
            event.actor_kind == ActorKind.PERSON
            and event.actor_id == person_id
            and event.phase != AuditEvent.Phase.MARK
            for event in self.events
        )

    @property
    def system_label(self) -> str:
        """The label of the account, or its alias where it is no longer configured."""
        account = settings.UPSTREAMS.get(self.head.alias, {})
        label: str = account.get("LABEL", self.head.alias)
        return label

    @property
    def who(self) -> str:
        """Whoever acted, as the subject of a sentence."""
        if self.head.actor_kind == ActorKind.VISITOR:
            return "Somebody not signed in"
        return self.head.actor_name

    @property
    def object_name(self) -> str:
        """What the entry is about, such as a session's id; "" where its action has no object."""
        return self.action.object_name(self.head)

    @property
    def object_address(self) -> str:
        """The page of that object, "" where there is none."""
        return self.action.address(self.head)

    @property
    def sentence(self) -> tuple[str, str]:
        """What whoever acted did: the text before the object's name, and the text after it."""
        action = self.action
        text = action.sentence(self.head) if action.sentence else f"{action.label}: {{object}}"
        before, _, after = text.partition("{object}")
        if not self.object_name:
            before = before.rstrip(" :")
        return before, after

    @property
    def batch_link(self) -> BatchLink | None:
        """The page of the batch that the entry belongs to.

        Costs queries: ask it of one entry, not of a list.
        """
        return self.action.batch_link(self.head) if self.head.batch else None

    def get_absolute_url(self) -> str:
        return reverse("audit:entry", args=[self.head.seq])

    @property
    def _label(self) -> Label:
        if not self.result:
            return missing_result_label(self.head.phase)
        return result_label(self.head.action, self.result, self.is_verified)


def load_entries(heads: Iterable[AuditEvent]) -> list[AuditEntry]:
    """The entries of these heads, in their order. One query, however many heads there are."""
    heads = list(heads)
    seqs = [head.seq for head in heads]
    later_events = defaultdict(list)
    for event in AuditEvent.objects.of_entries(seqs).exclude(seq__in=seqs).oldest_first():
        later_events[event.story].append(event)
    return [AuditEntry([head, *later_events[head.seq]]) for head in heads]


def entries_for_session(alias: str, session_id: str, *, limit: int) -> list[AuditEntry]:
    """The newest entries of a session, newest first. Two queries."""
    heads = AuditEvent.objects.heads().of_session(alias, session_id).newest_first()
    return load_entries(heads[:limit])
