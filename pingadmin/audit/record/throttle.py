"""Events that would flood the log if every repetition were one."""

import hashlib
from typing import Unpack

from django.core.cache import cache
from django.db import transaction

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.trail import EventFields


def append_throttled(
    *key: str,
    seconds: int,
    action: str,
    phase: str,
    by: Actor,
    story: int | None = None,
    **fields: Unpack[EventFields],
) -> None:
    """Appends an event unless one with this key was appended in the last `seconds`.

    It opens a transaction of its own. The arguments after `seconds` are those of trail.append(),
    and so are the errors.
    """
    # Hashed: parts of the key come from people, and caches refuse some characters and lengths.
    name = "audit-throttle:" + hashlib.sha256("\0".join(key).encode()).hexdigest()
    if not cache.add(name, True, timeout=seconds):
        return
    try:
        with transaction.atomic():
            trail.append(action=action, phase=phase, by=by, story=story, **fields)
    except BaseException:
        # What was not written must not silence the next try.
        cache.delete(name)
        raise
