"""Django's PostgreSQL backend, in whose transactions no lock is waited for without end.

Named as ENGINE, so that no transaction can forget it. A pooler such as pgbouncer refuses or drops
`lock_timeout` as an option of the connection, and hands the session to somebody else.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(autocommit, *args, **kwargs)
        if not autocommit:
            milliseconds = int(settings.DATABASE_WAIT_SECONDS * 1000)
            with self.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
