"""A one-time code is accepted once, for as long as it could be accepted at all."""

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache


def refuse_for_their_whole_life() -> None:
    """Makes allauth remember a used code longer than one step, which is all that it does itself.

    With a tolerance a code is good for the step before its own and the one after it, too.
    """
    TOTP._mark_code_used = _mark_code_used


def _mark_code_used(self: TOTP, code: str) -> bool:
    steps = 2 * app_settings.TOTP_TOLERANCE + 1
    key = self._get_used_cache_key(code)
    return cache.add(key, "used", timeout=app_settings.TOTP_PERIOD * steps)
