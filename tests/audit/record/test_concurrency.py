"""Many processes append at once: nobody's event is lost and the chain has one end."""

import subprocess
import sys

import pytest

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent
from tests.audit.conftest import OWN
from tests.support.processes import CHECKOUT

WRITERS, EACH = 8, 100


@pytest.mark.process
def test_eight_processes_append_a_hundred_each_without_a_fork_or_a_loss(own_database):
    command = [sys.executable, "-m", "tests.audit.record.appender", str(WRITERS), str(EACH)]
    subprocess.run(command, cwd=CHECKOUT, env=own_database, check=True, timeout=300)

    rows = list(AuditEvent.objects.using(OWN).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, WRITERS * EACH + 1))
    assert [row.prev_hash for row in rows] == [canonical.GENESIS] + [
        row.row_hash for row in rows[:-1]
    ]
    assert all(canonical.hash_event(row) == row.row_hash for row in rows)
    assert all(earlier.at <= later.at for earlier, later in zip(rows, rows[1:], strict=False))
