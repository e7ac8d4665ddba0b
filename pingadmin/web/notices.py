"""The notices at the top of every page: a feature says what is wrong, the frame shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Notice:
    """One notice. Its template reads `content` under the name `notice`."""

    template: str
    content: object


NoticeSource = Callable[[HttpRequest], list[Notice]]

_sources: list[NoticeSource] = []


def register(source: NoticeSource) -> None:
    """Show what the source returns on every page of whoever is signed in. For an app's ready()."""
    _sources.append(source)


def current(request: HttpRequest) -> list[Notice]:
    """What every registered source has to say now, in the order in which the apps are installed."""
    return [notice for source in _sources for notice in source(request)]
