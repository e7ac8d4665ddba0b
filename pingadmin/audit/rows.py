"""The log's rows as the database holds them, in order and in flat memory: the verification's only reader."""

from collections.abc import Iterator

from django.db import DataError, connection
from django.db.models import Min

from pingadmin.audit import chain
from pingadmin.audit.models import AuditEvent

CHUNK = 2000

NAMES = [*sorted(chain.FIELDS[chain.VERSION]), "row_hash", "mac"]


class Unreadable(Exception):
    """A row holds something that the database's own driver cannot read as what the column is."""

    def __init__(self, seq: int):
        super().__init__(seq)
        self.seq = seq


def after(seq: int) -> Iterator[dict]:
    """Rows above `seq` in their order, with hash and MAC, `at` and `event_id` already in their canonical form.

    By windows of seq, not by number of rows: two rows that claim one seq are both given. Nothing is skipped
    over: where a window is not full, the next row is whatever stands next. Raises Unreadable.
    """
    while True:
        highest = seq + CHUNK
        lowest = None if seq == 0 else seq
        yield from _window(lowest, highest)
        following = AuditEvent.objects.filter(seq__gt=highest).aggregate(Min("seq"))["seq__min"]
        if following is None:
            # What was appended while this window was read stands within it.
            newest = AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first()
            if newest is None or newest <= highest:
                return
        seq = highest
