"""Named queries over the audit log, its checkpoints and its verifications."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import F, QuerySet

from pingadmin.audit.record.append_only import AppendOnlyQuerySet

if TYPE_CHECKING:
    # Named in quotes below, which the linter does not read.
    from pingadmin.audit.models import AuditEvent, KeptCheckpoint, VerificationRun  # noqa: F401


class AuditEventQuerySet(AppendOnlyQuerySet["AuditEvent"]):
    """Questions to the log. It is append-only: every method that would write is refused."""

    def heads(self) -> Self:
        """The first event of every entry."""
        return self.filter(story=F("seq"))

    def later_events(self) -> Self:
        """The events that continue an entry."""
        return self.exclude(story=F("seq"))

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

    def last_seq(self) -> int:
        """The number of the log's last event, 0 for an empty log."""
        return self.newest_first().values_list("seq", flat=True).first() or 0


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
