"""The settings of a real server under test: production's own, only with cheap passwords."""

from pingadmin.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
