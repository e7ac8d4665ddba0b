"""What readiness says of signing in: its tables are written and read, and all is taken back."""

from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.db import DatabaseError

from pingadmin.web.probes import Fault, short_lock_wait


def find_faults() -> list[Fault]:
    """Whether a sign-in could be counted and kept."""
    try:
        with short_lock_wait():
            cache.set("probe", "written", timeout=60)
            SessionStore().create()
            is_read = cache.get("probe") == "written"
    except DatabaseError:
        is_read = False
    if is_read:
        return []
    sentence = (
        "nobody can sign in: the tables of sessions and limits can't be written. "
        "Run pingadmin setup, with --role where the panel's own role is restricted"
    )
    return [Fault("sign_in", sentence)]
