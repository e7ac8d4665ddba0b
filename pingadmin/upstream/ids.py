"""The one rule for what may be a session id, used at the URL, in every form and again in the client."""

import re

# ASCII only and no slash, so nothing that passes can change a path; `..` fails on its first character.
PATTERN = r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}"


_whole_id = re.compile(PATTERN).fullmatch


def is_session_id(text: str) -> bool:
    return _whole_id(text) is not None
