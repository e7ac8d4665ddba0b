"""Named queries over the audit log, its checkpoints and its verifications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from pingadmin.audit import actions
from pingadmin.audit.marks import Mark, ReviewState
from pingadmin.audit.record.actors import ActorKind
from pingadmin.audit.record.append_only import AppendOnlyQuerySet

if TYPE_CHECKING:
    # Named in quotes below, which the linter does not read.
    from pingadmin.audit.models import AuditEvent, KeptCheckpoint, VerificationRun  # noqa: F401


# The value of the result filter for intents without any outcome.
NO_OUTCOME = "none"


_ACTOR_NAMES = """
    WITH RECURSIVE names(name) AS (
        SELECT MIN(actor_name) FROM {table}
        UNION ALL
        SELECT (SELECT MIN(actor_name) FROM {table} WHERE actor_name > name)
        FROM names WHERE name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL
"""


class AuditEventQuerySet(AppendOnlyQuerySet["AuditEvent"]):
    """Questions to the log. It is append-only: every method that would write is refused."""

    def heads(self) -> Self:
        """The first event of every entry."""
        return self.filter(story=F("seq"))

    def of_entry(self, head_seq: int) -> Self:
        """All events of the entry with that head."""
        return self.filter(story=head_seq)

    def of_entries(self, head_seqs: Iterable[int] | QuerySet[Any]) -> Self:
        """All events of the entries with these heads."""
        return self.filter(story__in=head_seqs)

    def oldest_first(self) -> Self:
        return self.order_by("seq")

    def newest_first(self) -> Self:
        return self.order_by("-seq")

    def after(self, seq: int) -> Self:
        """Events with a higher number."""
        return self.filter(seq__gt=seq)

    def in_pages(self, *fields: str, size: int) -> Iterator[tuple[Any, ...]]:
        """These fields of each event, `seq` first, oldest first, in queries of so many rows.

        Unlike a cursor of the server it needs no transaction, and memory stays flat.
        """
        last = 0
        while page := list(self.after(last).oldest_first().values_list(*fields)[:size]):
            yield from page
            last = page[-1][0]

    def last_seq(self) -> int:
        """The number of the log's last event, 0 for an empty log."""
        return self.newest_first().values_list("seq", flat=True).first() or 0

    def of_session(self, alias: str, session_id: str) -> Self:
        return self.filter(alias=alias, session_id=session_id)

    def of_sessions(self, alias: str, session_ids: Iterable[str] | QuerySet[Any]) -> Self:
        """Those about any of these sessions of one account."""
        return self.filter(alias=alias, session_id__in=session_ids)

    def actor_names(self) -> list[str]:
        """Everybody who ever acted, by name. An index seek for each, however long the log is."""
        with connection.cursor() as cursor:
            cursor.execute(_ACTOR_NAMES.format(table=self.model._meta.db_table))
            return [name for (name,) in cursor.fetchall()]

    def names_in_any_case(self, name: str) -> list[str]:
        """The names of those who ever acted that differ from this one in case alone."""
        folded = name.casefold()
        return [each for each in self.actor_names() if each.casefold() == folded]

    def needing_review(self) -> Self:
        """Heads that a reviewer must look at, reviewed or not."""
        return self.filter(action__in=actions.names_needing_review(), phase="intent")

    def in_review_state(self, state: str) -> Self:
        """Heads of entries that stand so in the review queue. `state` is a ReviewState."""
        heads = self.needing_review()
        if state == ReviewState.PENDING:
            return heads.filter(~self.is_marked())
        marks = self._all().marks()
        later = marks.filter(story=OuterRef("story"), seq__gt=OuterRef("seq"))
        last = marks.filter(~Exists(later), action=Mark.for_state(state))
        return heads.filter(seq__in=last.order_by().values("story"))

    def without_acts_of(self, person_id: str) -> Self:
        """Heads of entries in which that person did not act. Reviewing one is not acting in it."""
        acts = self._all().filter(
            story=OuterRef("seq"), actor_kind=ActorKind.PERSON, actor_id=person_id
        )
        return self.filter(~Exists(acts.exclude(phase="mark")))

    def marks(self) -> Self:
        """Every mark of a reviewer, oldest first."""
        return self.filter(phase="mark", action__in=Mark.values).oldest_first()

    def is_marked(self) -> Exists:
        """The condition on a head that a reviewer has marked its entry."""
        return Exists(self._all().marks().filter(story=OuterRef("seq")))

    def with_result(self, *names: str) -> Self:
        """Heads of entries that ended in one of these ways.

        names: of registered results, or NO_OUTCOME. The last event that states a result counts, as
        it does in AuditEntry.
        """
        conditions = Q()
        for name in names:
            conditions |= self._without_outcome() if name == NO_OUTCOME else self._ended(name)
        return self.filter(conditions)

    def _all(self) -> AuditEventQuerySet:
        """The whole log, for a condition that looks beyond the events of this query."""
        return self.model.objects.all()

    def _without_outcome(self) -> Q:
        stating = self._all().filter(story=OuterRef("seq")).exclude(result="")
        return Q(~Exists(stating), phase="intent")

    def _ended(self, name: str) -> Q:
        result = actions.registered_results()[name]
        later = self._all().filter(story=OuterRef("story"), seq__gt=OuterRef("seq"))
        stating = self._all().filter(~Exists(later.exclude(result="")), result=result.stored)
        # Redundant, but it lets the partial index over results be used.
        condition = Q(seq__in=stating.exclude(result="").values("story"))
        if result.is_verified is None:
            return condition
        verified = Q(seq__in=self._verified().values("story"))
        return condition & (verified if result.is_verified else ~verified)

    def _verified(self) -> AuditEventQuerySet:
        """The events that showed an effect, where no later event says otherwise."""
        later = self._all().filter(
            story=OuterRef("story"), seq__gt=OuterRef("seq"), verified__isnull=False
        )
        return self._all().filter(~Exists(later), verified=True)


class KeptCheckpointQuerySet(QuerySet["KeptCheckpoint"]):
    def oldest_first(self) -> Self:
        return self.order_by("id")

    def newest_first(self) -> Self:
        return self.order_by("-id")

    def due_for_sinks(self, now: datetime) -> Self:
        """Those to send now, the one that is due longest first."""
        return self.filter(next_try_at__lte=now).order_by("next_try_at", "id")

    def waiting_for_sinks(self) -> Self:
        """Those that will be sent, now or later."""
        return self.filter(next_try_at__isnull=False)

    def not_sent(self) -> Self:
        """Those that some sink never took, and that were given up."""
        return self.filter(next_try_at=None).exclude(failed_sinks="")


class VerificationRunQuerySet(QuerySet["VerificationRun"]):
    def ended(self) -> Self:
        return self.filter(ended_at__isnull=False)

    def running(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def newest_first(self) -> Self:
        return self.order_by("-id")
