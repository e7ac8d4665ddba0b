"""Seals what the panel remembers of a verification, so that the database alone can't make it up.

A run says how far the log was read and that it was good: whoever could write such a row could let
the next verification begin behind what they changed.
"""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from pingadmin.audit.chain import canonical, keys
from pingadmin.audit.models import VerificationRun

_PREFIX = b"pingadmin-audit-run:"
_UNSEALED = {"id", "seal"}
# Clocks of several machines differ; a run that ended later than this was not made by any of them.
_MAX_AHEAD = timedelta(minutes=5)
# Rows that nobody sealed could otherwise be put on top without end.
_TRIED = 100


def seal(run: VerificationRun) -> None:
    """Sets the seal for the run's values as they are. Saving it is the caller's."""
    run.seal = _compute(run, settings.AUDIT_KEY.reveal())


def newest_run() -> VerificationRun | None:
    """The newest run that can be believed, ended or not."""
    return _first_believed(ended=None)


def newest_ended_run() -> VerificationRun | None:
    """The newest of those that have ended."""
    return _first_believed(ended=True)


def _first_believed(*, ended: bool | None) -> VerificationRun | None:
    runs = VerificationRun.objects.newest_first()
    if ended:
        runs = runs.ended()
    return next((run for run in runs[:_TRIED] if _is_believable(run)), None)


def _is_believable(run: VerificationRun) -> bool:
    """Whether a holder of an audit key sealed it, and its times can be."""
    latest = timezone.now() + _MAX_AHEAD
    if run.started_at > latest or (run.ended_at and run.ended_at > latest):
        return False
    return any(
        hmac.compare_digest(_compute(run, key), run.seal) for key in keys.mac_keys().values()
    )


def _compute(run: VerificationRun, key: str) -> str:
    values = {
        field.attname: _plain(getattr(run, field.attname))
        for field in run._meta.concrete_fields
        if field.attname not in _UNSEALED
    }
    message = _PREFIX + json.dumps(values, sort_keys=True).encode()
    return hmac.digest(key.encode(), message, hashlib.sha256).hex()


def _plain(value: Any) -> Any:
    return canonical.format_time(value) if isinstance(value, datetime) else value
