"""A panel that also has Django's own changelist of sessions, which is what the board is measured
against.
"""

from tests.support.server_settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.board_urls"
