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
    command = [sys.executable, "-m", "tests.audit.appender", str(EACH)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [
        subprocess.Popen(command, cwd=CHECKOUT, env=own_database, **pipes) for _ in range(WRITERS)
    ]
    try:
        assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * WRITERS
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [writer.wait(timeout=120) for writer in writers] == [0] * WRITERS
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()

    rows = list(AuditEvent.objects.using(OWN).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, WRITERS * EACH + 1))
    assert [row.prev_hash for row in rows] == [canonical.GENESIS] + [
        row.row_hash for row in rows[:-1]
    ]
    assert all(canonical.hash_event(row) == row.row_hash for row in rows)
    assert all(earlier.at <= later.at for earlier, later in zip(rows, rows[1:], strict=False))
