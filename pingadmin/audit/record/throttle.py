"""Events that would flood the log if each repetition were one: written once in a while for a key."""

import hashlib

from django.core.cache import cache
from django.db import transaction

from pingadmin.audit.record import trail


def append_once(*key: str, seconds: int, **event) -> None:
    """Append an event unless one with this key was appended in the last `seconds`. In a transaction of its own."""
    name = "audit-once:" + hashlib.sha256("\0".join(key).encode()).hexdigest()
    if not cache.add(name, True, timeout=seconds):
        return
    try:
        with transaction.atomic():
            trail.append(**event)
    except BaseException:
        cache.delete(name)
        raise
