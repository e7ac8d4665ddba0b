"""Re-reads and re-hashes the whole log in order, and names the first bad event and how it is bad.

What it proves: every event from the first to the last is as it was written, in its order, by a holder of the
audit key, and agrees with every checkpoint that it was given. What it cannot prove is written in
docs/audit-format.md: what came after the last checkpoint, against somebody who holds the key.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from pingadmin.audit.chain import canonical, keys
from pingadmin.audit.integrity import faults, stored_rows
from pingadmin.audit.integrity.faults import Fault, fault
from pingadmin.audit.models import AuditEvent


@dataclass(frozen=True)
class Anchor:
    """What a checkpoint says: the event at `seq` had this hash. `at` is its time, for people."""

    seq: int
    row_hash: str
    at: str


@dataclass
class Walk:
    """A verification that can rest after any event: `seq`, `head` and `before` are all it needs to go on.

    seq: the last event that was found good; head: its hash, before: the hash that it follows.
    anchored: the last anchor that the log agreed with.
    """

    seq: int = 0
    head: str = canonical.GENESIS
    before: str = ""
    anchored: Anchor | None = None
    fault: Fault | None = None
    anchors: Iterable[Anchor] = field(default=(), repr=False)

    def __post_init__(self):
        self._keys = keys.for_macs()
        self._anchors: dict[int, list[Anchor]] = {}
        for anchor in self.anchors:
            if anchor.seq > self.seq:
                self._anchors.setdefault(anchor.seq, []).append(anchor)

    @classmethod
    def since(cls, anchor: Anchor) -> "Walk":
        """A walk that begins with the event at a checkpoint and believes what stands before it."""
        believed = (
            AuditEvent.objects.filter(seq=anchor.seq - 1)
            .values_list("row_hash", "prev_hash")
            .first()
        )
        head, before = believed or (canonical.GENESIS, "")
        return cls(seq=max(anchor.seq - 1, 0), head=head, before=before, anchors=[anchor])

    def step(self, *, seconds: float | None = None) -> bool:
        """Go on to the end or to the first bad event, or for about so long. Returns whether there is more."""
        until = None if seconds is None else time.monotonic() + seconds
        try:
            for row in stored_rows.after(self.seq):
                self.fault = self._fault_of(row)
                if self.fault:
                    break
                self.seq, self.head, self.before = row["seq"], row["row_hash"], row["prev_hash"]
                if until and self.seq % 500 == 0 and time.monotonic() > until:
                    return True
            else:
                self.fault = self._fault_at_the_end()
        except stored_rows.Unreadable as unreadable:
            self.fault = fault(faults.EDITED, unreadable.seq)
        return False

    def _fault_of(self, row: dict[str, Any]) -> Fault | None:
        row_hash, mac, seq = row.pop("row_hash"), row.pop("mac"), row["seq"]
        found = (
            self._fault_of_place(seq)
            or self._fault_of_content(row, row_hash)
            or self._fault_of_link(row)
            or self._fault_of_mac(row, row_hash, mac)
            or self._fault_of_anchor(seq, row_hash)
        )
        row["row_hash"] = row_hash
        return found

    def _fault_of_place(self, seq: int) -> Fault | None:
        if seq == self.seq + 1:
            return None
        if seq > self.seq:
            return fault(faults.MISSING, self.seq + 1)
        return fault(faults.FORK if seq == self.seq and seq else faults.INSERTED, seq)

    def _fault_of_content(self, row: dict[str, Any], row_hash: str) -> Fault | None:
        seq, version = row["seq"], row["schema_version"]
        if version not in canonical.FIELDS:
            return fault(faults.UNKNOWN_VERSION, seq, version=version)
        if _hash(row) == row_hash:
            return None
        if row["prev_hash"] != self.head:
            for written_as in _places_to_try():
                if _hash(row | {"seq": written_as}) == row_hash:
                    return self._fault_of_moved(seq, written_as)
        return fault(faults.EDITED, seq)

    def _fault_of_moved(self, seq: int, written_as: int) -> Fault:
        """An event that was pushed back by one: the one before it took its place."""
        if written_as == seq - 1:
            return fault(faults.INSERTED, seq - 1)
        return fault(faults.REORDERED, seq, written_as=written_as)

    def _fault_of_link(self, row: dict[str, Any]) -> Fault | None:
        if row["prev_hash"] == self.head:
            return None
        return fault(
            faults.FORK if row["prev_hash"] == self.before else faults.BROKEN_LINK, row["seq"]
        )

    def _fault_of_mac(self, row: dict[str, Any], row_hash: str, mac: str) -> Fault | None:
        key = self._keys.get(row["key_id"])
        if key is None:
            return fault(faults.UNKNOWN_KEY, row["seq"], key_id=row["key_id"])
        if canonical.mac_of(row_hash, key) == mac:
            return None
        return fault(faults.BAD_MAC, row["seq"])

    def _fault_of_anchor(self, seq: int, row_hash: str) -> Fault | None:
        for anchor in self._anchors.get(seq, ()):
            if anchor.row_hash != row_hash:
                return fault(faults.REWRITTEN, seq, at=anchor.at)
            self.anchored = anchor
        return None

    def _fault_at_the_end(self) -> Fault | None:
        beyond = [seq for seq in self._anchors if seq > self.seq]
        if not beyond:
            return None
        anchor = self._anchors[max(beyond)][0]
        return fault(faults.SHORTER, anchor.seq, last=self.seq, at=anchor.at)


def verify(anchors: Iterable[Anchor] = (), progress: Callable[[int], None] | None = None) -> Walk:
    """The whole walk at once. `progress` is told the last good seq about once a second."""
    walk = Walk(anchors=anchors)
    while walk.step(seconds=1):
        if progress:
            progress(walk.seq)
    return walk


def _hash(row: dict[str, Any]) -> str:
    """The hash of a row's values, '' where they have no canonical form."""
    version = row["schema_version"]
    try:
        return canonical.hash_of_values(
            row
            if version == canonical.VERSION
            else {name: row[name] for name in canonical.FIELDS[version]}
        )
    except TypeError:
        return ""


def _places_to_try() -> Iterable[int]:
    """Where a moved event may have been written: anywhere in the log, or above, where others were taken out."""
    last = AuditEvent.objects.aggregate(last=Max("seq"))["last"]
    return range(1, last + 1000)
