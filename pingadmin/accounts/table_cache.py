"""Django's cache in a table of our own: what counts sign-ins and knows the used codes.

Django's database cache drops live rows when there are many, and unpickles what anybody who can
write the table has put there. This one forgets nothing before its time, and stores JSON.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, transaction
from django.utils import timezone

from pingadmin.accounts.models import CacheEntry

_MAX_KEY = CacheEntry._meta.get_field("key").max_length or 0


class TableCache(BaseCache):
    """Values are whatever JSON can hold. Raises django.db.Error where the database cannot answer.

    Name it in CACHES without a location; its table comes with the migrations.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        entry = CacheEntry.objects.live().filter(key=self._key(key, version)).first()
        return default if entry is None else json.loads(entry.value)

    def add(
        self,
        key: str,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store it unless a live value is there; whether it was stored."""
        CacheEntry.objects.expired().delete()
        try:
            with transaction.atomic():
                CacheEntry.objects.create(
                    key=self._key(key, version),
                    value=json.dumps(value),
                    expires_at=self._expiry(timeout),
                )
        except IntegrityError:
            return False
        return True

    def set(
        self,
        key: str,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        CacheEntry.objects.update_or_create(
            key=self._key(key, version),
            defaults={"value": json.dumps(value), "expires_at": self._expiry(timeout)},
        )

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        live = CacheEntry.objects.live().filter(key=self._key(key, version))
        return bool(live.update(expires_at=self._expiry(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        deleted, _ = CacheEntry.objects.filter(key=self._key(key, version)).delete()
        return bool(deleted)

    def clear(self) -> None:
        CacheEntry.objects.all().delete()

    def _key(self, key: str, version: int | None) -> str:
        made = self.make_key(key, version=version)
        # Parts of keys come from elsewhere, and may be longer than the column.
        return made if len(made) <= _MAX_KEY else hashlib.sha256(made.encode()).hexdigest()

    def _expiry(self, timeout: Any) -> datetime | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else timezone.now() + timedelta(seconds=seconds)
