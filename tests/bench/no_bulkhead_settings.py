"""A server's settings with neither slots for upstream calls nor a circuit breaker: what P4 compares
with.
"""

from pingadmin.upstream import isolation
from tests.support.server_settings import *  # noqa: F403

UPSTREAM_READ_SLOTS = UPSTREAM_WRITE_SLOTS = 1000
UPSTREAM_CIRCUIT_FAILURES = isolation.MIN_WINDOW_CALLS = 10**9
