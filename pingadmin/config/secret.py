"""A value that must not be printed by accident: in logs, tracebacks, pages or `repr`."""

from typing import NoReturn


class Secret:
    """Holds a key; everything but `reveal()` shows `***`."""

    __slots__ = ("_value",)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is not to be stored or sent to another process.")
