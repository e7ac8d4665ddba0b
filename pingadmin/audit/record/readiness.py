"""What readiness says of the audit log: can an event be appended, and will it be vouched for?"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from pingadmin.audit.record import database_file, guards, restore_guard, trail
from pingadmin.audit.record.actors import Actor
from pingadmin.web.probes import Fault, short_lock_wait


def find_faults() -> list[Fault]:
    """What keeps the log from taking events, and what will be missed in it later."""
    if problem := database_file.health_problem():
        return [Fault("database", problem)]
    try:
        if problem := restore_guard.current_problem():
            return [Fault("audit", problem)]
        return [*_append_faults(), *_trigger_faults(), *_checkpoint_faults()]
    except DatabaseError:
        return [Fault("audit", "the log can't be read")]


def _append_faults() -> list[Fault]:
    """Appends an event as a press does, behind the lock, and takes it back."""
    try:
        with short_lock_wait():
            trail.append(action="probe", phase="event", by=Actor.system("readyz"))
    except DatabaseError:
        holder = _lock_holder()
        why = f"another transaction holds its lock: {holder}" if holder else "it cannot be written"
        return [Fault("audit", f"the log takes no event, so nothing can be resumed: {why}")]
    return []


def _trigger_faults() -> list[Fault]:
    sentence = guards.missing_sentence()
    return [Fault("triggers", sentence, is_warning=True)] if sentence else []


def _lock_holder() -> str:
    """Who holds the audit lock on PostgreSQL, for the operator; "" where nobody can be named."""
    if connection.vendor != "postgresql":
        return ""
    query = """
        SELECT a.pid, a.usename, a.application_name, a.client_addr::text, a.state,
            extract(epoch FROM clock_timestamp() - a.xact_start)::int
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.objid = %s AND l.granted
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, [trail.LOCK_ID])
            row = cursor.fetchone()
    except DatabaseError:
        return ""
    if row is None:
        return ""
    pid, user, name, address, state, seconds = row
    return (
        f"process {pid} of user {user} ({name or 'no name'}, {address or 'local'}), "
        f"{state}, for {seconds} s"
    )


def _checkpoint_faults() -> list[Fault]:
    newest = restore_guard.newest_checkpoint()
    if newest is None:
        return []
    age = timezone.now() - datetime.fromisoformat(newest.at)
    if age <= timedelta(seconds=2 * settings.CHECKPOINT_SECONDS):
        return []
    sentence = f"none since {newest.at}: start collect, or see why it makes none"
    return [Fault("checkpoint", sentence, is_warning=True)]
