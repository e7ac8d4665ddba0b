"""PostgreSQL with a limit on waiting for locks that holds behind a pooler, too."""
