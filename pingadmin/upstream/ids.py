"""The one rule for what may be a session id, used at the URL, in every form and in the client."""

import re

# ASCII only and no slash, so nothing that passes can change a path; `..` fails on its first
# character.
SESSION_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}"

_fullmatch = re.compile(SESSION_ID_PATTERN).fullmatch


def is_session_id(text: str) -> bool:
    """Whether a text may be sent to an upstream as a session id."""
    return _fullmatch(text) is not None
