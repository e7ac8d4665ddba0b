"""An intent and everything that followed it, told as one story."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.db.models import F

from pingadmin.audit.entries import labels
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import ActorKind

# What a reviewer must look at: acts on sessions, and not sign-ins or reads.
ACTS_ON_SESSIONS = ("resume", "pause")
# The action of a mark -> how the story then stands.
MARKS = {"mark_reviewed": "reviewed", "mark_flagged": "flagged"}


@dataclass(frozen=True)
class Story:
    """events: the head and its later events, in order."""

    events: list[AuditEvent]

    @property
    def head(self) -> AuditEvent:
        return self.events[0]

    @property
    def result(self) -> str:
        """The last result that an event states, '' where none does."""
        return next((event.result for event in reversed(self.events) if event.result), "")

    @property
    def verified(self) -> bool | None:
        """Whether the effect was seen, as the last event that speaks of it says."""
        return next(
            (event.verified for event in reversed(self.events) if event.verified is not None), None
        )

    @property
    def result_label(self) -> str:
        """How it ended: Confirmed, Accepted, Was not paused, Refused, Not sent, Unknown, No outcome yet, …"""
        return self._ending[0]

    @property
    def meaning(self) -> str:
        """The colour's name for the word: ok, failed, unknown or idle."""
        return self._ending[1]

    @property
    def closed_by(self) -> str:
        """Who closed an unknown outcome, '' where nobody did."""
        return next(
            (event.actor_name for event in reversed(self.events) if event.phase == "closure"), ""
        )

    @property
    def mark(self) -> AuditEvent | None:
        """The last mark, which counts."""
        marks = [event for event in self.events if event.phase == "mark" and event.action in MARKS]
        return marks[-1] if marks else None

    @property
    def review(self) -> str:
        """pending, reviewed or flagged; '' for a story that needs no review."""
        if self.head.action not in ACTS_ON_SESSIONS or self.head.phase != "intent":
            return ""
        return MARKS[self.mark.action] if self.mark else "pending"

    def has_hand_of(self, person_id: str) -> bool:
        """Whether that person acted in it; to review it is not to act in it."""
        return any(
            event.actor_kind == ActorKind.PERSON
            and event.actor_id == person_id
            and event.phase != "mark"
            for event in self.events
        )

    @property
    def act(self) -> str:
        return labels.of_action(self.head.action)

    @property
    def system(self) -> str:
        """The label of the system, or its bare alias where it is no longer set up."""
        return settings.UPSTREAMS.get(self.head.alias, {}).get("LABEL", self.head.alias)

    @property
    def session_address(self) -> str:
        """The session's page, '' for acts on no session."""
        head = self.head
        if not (head.alias and head.session_id):
            return ""
        return f"/sessions/{quote(head.alias, safe='')}/{quote(head.session_id, safe='')}/"

    @property
    def _ending(self) -> tuple[str, str]:
        if not self.result:
            return labels.of_missing_result(self.head.phase)
        return labels.of_result(self.head.action, self.result, self.verified)


def all_heads():
    """The first event of every story, in no order."""
    return AuditEvent.objects.filter(story=F("seq"))


def of(heads: Iterable[AuditEvent]) -> list[Story]:
    """The stories of these heads, in their order; one query, however many."""
    heads = list(heads)
    later = defaultdict(list)
    numbers = [head.seq for head in heads]
    for event in (
        AuditEvent.objects.filter(story__in=numbers).exclude(seq__in=numbers).order_by("seq")
    ):
        later[event.story].append(event)
    return [Story([head, *later[head.seq]]) for head in heads]


def for_session(alias: str, session_id: str, *, limit: int) -> list[Story]:
    """The newest stories of a session, newest first; two queries."""
    return of(all_heads().filter(alias=alias, session_id=session_id).order_by("-seq")[:limit])
