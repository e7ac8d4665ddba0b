"""Re-reads and re-hashes the whole log in order, and names the first bad event and its fault.

It proves that every event from the first to the last is as it was written, in its order, by a
holder of the audit key, and agrees with every checkpoint given. What it cannot prove is described
in docs/audit-format.md: events after the last checkpoint, against somebody who holds the key.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Self

from pingadmin.audit.chain import canonical, keys
from pingadmin.audit.integrity import stored_rows
from pingadmin.audit.integrity.faults import Fault, FaultKind
from pingadmin.audit.models import AuditEvent

_CLOCK_EVERY = 500  # events between two looks at the clock


class Anchor(NamedTuple):
    """What a checkpoint states: the event at `seq` had this hash. `at` is its time, for people."""

    seq: int
    row_hash: str
    at: str


class Verification:
    """A verification that can stop after any event and continue from where it was.

    seq: the last event that is good. last_hash: its hash; previous_hash: the hash that it follows.
    These three are all that is needed to continue.
    anchored: the last anchor that the log agreed with. fault: what ended it, None for a whole log.
    """

    def __init__(
        self,
        anchors: Iterable[Anchor] = (),
        *,
        seq: int = 0,
        last_hash: str = canonical.GENESIS,
        previous_hash: str = "",
    ) -> None:
        self.seq, self.last_hash, self.previous_hash = seq, last_hash, previous_hash
        self.anchored: Anchor | None = None
        self.fault: Fault | None = None
        self._keys = keys.mac_keys()
        self._anchors: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            if anchor.seq > seq:
                self._anchors.setdefault(anchor.seq, []).append(anchor)

    @classmethod
    def starting_at(cls, anchor: Anchor) -> Self:
        """Begins with the event at a checkpoint, and trusts what comes before it."""
        before = AuditEvent.objects.filter(seq=anchor.seq - 1).values_list("row_hash", "prev_hash")
        last_hash, previous_hash = before.first() or (canonical.GENESIS, "")
        seq = max(anchor.seq - 1, 0)
        return cls([anchor], seq=seq, last_hash=last_hash, previous_hash=previous_hash)

    @property
    def faults(self) -> list[Fault]:
        """The fault in a list, which is empty for a whole log."""
        return [self.fault] if self.fault else []

    def advance(self, *, seconds: float | None = None) -> bool:
        """Continues to the end or to the first bad event, or for about so long.

        Returns whether there is more to read.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            for row in stored_rows.rows_after(self.seq):
                self.fault = self._find_fault(row)
                if self.fault:
                    return False
                self.seq = row["seq"]
                self.last_hash, self.previous_hash = row["row_hash"], row["prev_hash"]
                if deadline and self.seq % _CLOCK_EVERY == 0 and time.monotonic() > deadline:
                    return True
        except stored_rows.UnreadableRow as unreadable:
            self.fault = Fault.of(FaultKind.EDITED, unreadable.seq)
            return False
        self.fault = self._end_fault()
        return False

    def _find_fault(self, row: dict[str, Any]) -> Fault | None:
        # What is left in the row is what was hashed.
        row_hash, mac, seq = row.pop("row_hash"), row.pop("mac"), row["seq"]
        fault = (
            self._sequence_fault(seq)
            or self._content_fault(row, row_hash)
            or self._link_fault(row)
            or self._mac_fault(row, row_hash, mac)
            or self._anchor_fault(seq, row_hash)
        )
        row["row_hash"] = row_hash
        return fault

    def _sequence_fault(self, seq: int) -> Fault | None:
        if seq == self.seq + 1:
            return None
        if seq > self.seq:
            return Fault.of(FaultKind.MISSING, self.seq + 1)
        return Fault.of(FaultKind.FORK if seq == self.seq and seq else FaultKind.INSERTED, seq)

    def _content_fault(self, row: dict[str, Any], row_hash: str) -> Fault | None:
        seq, version = row["seq"], row["schema_version"]
        if version not in canonical.FIELDS:
            return Fault.of(FaultKind.UNKNOWN_VERSION, seq, version=version)
        if _hash_row(row) == row_hash:
            return None
        if row["prev_hash"] != self.last_hash:
            # An event that was moved still has its hash under the number that it was written with:
            # any of the log, or one above it, as some events may be gone.
            for written_as in range(1, AuditEvent.objects.last_seq() + 1000):
                if _hash_row(row | {"seq": written_as}) == row_hash:
                    return self._moved_fault(seq, written_as)
        return Fault.of(FaultKind.EDITED, seq)

    def _moved_fault(self, seq: int, written_as: int) -> Fault:
        """An event moved up by one means that another was inserted in its place."""
        if written_as == seq - 1:
            return Fault.of(FaultKind.INSERTED, seq - 1)
        return Fault.of(FaultKind.REORDERED, seq, written_as=written_as)

    def _link_fault(self, row: dict[str, Any]) -> Fault | None:
        if row["prev_hash"] == self.last_hash:
            return None
        is_fork = row["prev_hash"] == self.previous_hash
        return Fault.of(FaultKind.FORK if is_fork else FaultKind.BROKEN_LINK, row["seq"])

    def _mac_fault(self, row: dict[str, Any], row_hash: str, mac: str) -> Fault | None:
        key = self._keys.get(row["key_id"])
        if key is None:
            return Fault.of(FaultKind.UNKNOWN_KEY, row["seq"], key_id=row["key_id"])
        if canonical.compute_mac(row_hash, key) == mac:
            return None
        return Fault.of(FaultKind.BAD_MAC, row["seq"])

    def _anchor_fault(self, seq: int, row_hash: str) -> Fault | None:
        for anchor in self._anchors.get(seq, ()):
            if anchor.row_hash != row_hash:
                return Fault.of(FaultKind.REWRITTEN, seq, at=anchor.at)
            self.anchored = anchor
        return None

    def _end_fault(self) -> Fault | None:
        """Checkpoints above the last event mean that the log was longer once."""
        highest = max(self._anchors, default=0)
        if highest <= self.seq:
            return None
        anchor = self._anchors[highest][0]
        return Fault.of(FaultKind.SHORTER, anchor.seq, last_seq=self.seq, at=anchor.at)


def verify(
    anchors: Iterable[Anchor] = (), report_progress: Callable[[int], None] | None = None
) -> Verification:
    """The whole verification at once. Reports the last good seq about once a second."""
    verification = Verification(anchors)
    while verification.advance(seconds=1):
        if report_progress:
            report_progress(verification.seq)
    return verification


def _hash_row(row: dict[str, Any]) -> str:
    """The hash of a row's values, '' where they have no canonical form."""
    version = row["schema_version"]
    is_current = version == canonical.VERSION
    try:
        return canonical.hash_values(
            row if is_current else {name: row[name] for name in canonical.FIELDS[version]}
        )
    except TypeError:
        return ""
