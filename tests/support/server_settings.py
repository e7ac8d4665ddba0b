"""The settings of a real server under test: production's own, only with cheap passwords."""

from pingadmin.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if environment.flag("CLOSE_CONNECTIONS"):  # noqa: F405
    # Each test of the shared panel has a database of its own in the same place.
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
