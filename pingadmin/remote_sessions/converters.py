"""Addresses hold only well-formed aliases and ids; everything else is 404 before any view runs."""

from pingadmin.upstream.ids import SESSION_ID_PATTERN, is_session_id


class AliasConverter:
    regex = "[a-z][a-z0-9-]{0,31}"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


class SessionIdConverter:
    regex = SESSION_ID_PATTERN

    def to_python(self, value: str) -> str:
        # The route's own regular expression ends with `$`, which lets a trailing newline through.
        if not is_session_id(value):
            raise ValueError(value)
        return value

    to_url = to_python
