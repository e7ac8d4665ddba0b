"""The settings under test: production's own, over http on this machine, with cheap passwords."""

import os

os.environ.setdefault("ALLOW_HTTP", "true")
os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1")
os.environ.setdefault("SECRET_KEY", "for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz")
os.environ.setdefault("AUDIT_KEY", "for-tests-of-the-audit-only-9876543210-zyxwvutsrqponm")

from pingadmin.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATICFILES_DIRS = []
STATIC_ROOT = BASE_DIR / "static"  # noqa: F405 - nothing is collected for tests
