"""The filter of the board, as its address has it.

One object is behind the page, its polls, its tabs, its form and its saved views.
"""

from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.log.filters import DayOrTimeField
from pingadmin.remote_sessions.display.card import STATE_TONES, format_state
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import Attempt


class BoardView(models.TextChoices):
    """Which sessions belong on the board: all of its groups, some of them, or everything known."""

    BOARD = "", "Board"
    ATTENTION = "look", "Needs attention"
    WATCHED = "watched", "Watched"
    PAUSED = "paused", "Paused"
    WAITING = "waiting", "Waiting for an answer"
    SCHEDULED = "scheduled", "Resume scheduled"
    ALL = "all", "All sessions"


# The tabs, each with what it holds; the views between them narrow the board.
TABS = {
    BoardView.BOARD: "Unknown outcomes, agents that wait for an answer, paused sessions, "
    "those to be resumed later, failing look-ups, then what is watched",
    BoardView.ALL: "Every session that was ever looked up, listed or reported",
}


class BoardSort(models.TextChoices):
    TROUBLE = "", "trouble first"
    SEEN = "seen", "last seen"
    ID = "id", "id"
    CLIENT = "client", "client"
    TRAFFIC = "traffic", "traffic"


# How the database sorts; only "All sessions" is sorted there, and has no trouble to put first.
ORDERS: dict[str, list[str | OrderBy]] = {
    BoardSort.TROUBLE: ["-last_seen_at", "id"],
    BoardSort.SEEN: ["-last_seen_at", "id"],
    BoardSort.ID: ["session_id", "id"],
    BoardSort.CLIENT: ["client_name", "id"],
    BoardSort.TRAFFIC: [F("downloaded_bytes").desc(nulls_last=True), "id"],
}
PAGE_SIZE, LARGE_PAGE_SIZE = 100, 1000
MAX_PAGE = 1_000_000


class BoardFilterForm(forms.Form):
    """The parts of the filter, by the names that they have in the address.

    `words` are searched for in the id, the client and the tickets of attempts. `at` asks for the
    board as it was at a moment. `columns` are those of a saved view, whoever opens it.
    """

    view = forms.ChoiceField(label="View", choices=BoardView.choices, required=False)
    words = forms.CharField(label="Search this view", max_length=200, required=False)
    system = forms.ChoiceField(label="System", choices=lambda: _system_choices(), required=False)
    assigned = forms.CharField(label="Assigned", max_length=150, required=False)
    state = forms.ChoiceField(
        label="State",
        choices=[("", "any"), *((state, format_state(state)) for state in STATE_TONES)],
        required=False,
    )
    sort = forms.ChoiceField(label="Sort", choices=BoardSort.choices, required=False)
    size = forms.TypedChoiceField(
        label="Rows",
        choices=[(size, size) for size in (PAGE_SIZE, LARGE_PAGE_SIZE)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    page = forms.IntegerField(label="Page", min_value=1, max_value=MAX_PAGE, required=False)
    at = DayOrTimeField(label="At")
    columns = forms.RegexField(
        r"^[a-z]{1,20}(,[a-z]{1,20}){0,19}$",
        label="Columns",
        required=False,
        error_messages={"invalid": "Choose them in the menu above the board."},
    )


class BoardFilter:
    """What the board is asked to show.

    A part that makes no sense is ignored, and `problems` says which and why: an old link still
    leads to a board.
    """

    def __init__(self, data: QueryDict) -> None:
        form = BoardFilterForm(data)
        form.is_valid()
        self.fields = form.fields
        self.cleaned_data = form.cleaned_data
        self._errors = form.errors
        self._data = data

    @classmethod
    def from_query(cls, query: str) -> Self:
        """The filter that a query string stands for."""
        return cls(QueryDict(query))

    @property
    def view(self) -> str:
        return self.cleaned_data.get("view") or BoardView.BOARD

    @property
    def sort(self) -> str:
        return self.cleaned_data.get("sort") or BoardSort.TROUBLE

    @property
    def sort_choices(self) -> list[tuple[str, str]]:
        """What this view can be sorted by, its own order first."""
        return [(value, label) for value, label in BoardSort.choices if value or not self.is_of_all]

    @property
    def size(self) -> int:
        return self.cleaned_data.get("size") or PAGE_SIZE

    @property
    def page(self) -> int:
        return self.cleaned_data.get("page") or 1

    @property
    def columns(self) -> list[str] | None:
        """The keys of the columns that the address asks for, None where it asks for none."""
        text = self.cleaned_data.get("columns")
        return text.split(",") if text else None

    @property
    def at(self) -> datetime | None:
        """The past moment that is asked for; None for the live board."""
        at = self.cleaned_data.get("at")
        return at if at and at < timezone.now() else None

    @property
    def is_of_all(self) -> bool:
        return self.view == BoardView.ALL

    @property
    def view_choices(self) -> list[tuple[str, str]]:
        """What the board can be narrowed to."""
        return [
            (view.value, view.label.lower() if view else "everything")
            for view in BoardView
            if view != BoardView.ALL
        ]

    @property
    def narrowing_count(self) -> int:
        """How many parts of the form are filled in."""
        parts = {"words", "system", "assigned", "state", "sort", "at"}
        return len(self.given.keys() & parts) + (self.view not in TABS)

    @property
    def is_grouped(self) -> bool:
        return not self.is_of_all and not self.sort

    @property
    def problems(self) -> list[str]:
        """What is ignored of the filter, and why: one sentence for each part."""
        problems = [
            f"{self.fields[name].label}: {' '.join(map(str, errors))}"
            for name, errors in self._errors.items()
        ]
        if self.cleaned_data.get("at") and not self.at:
            problems.append("At: that time is in the future, so this is the board as it is now.")
        return problems

    @property
    def given(self) -> dict[str, str]:
        """The parts that are filled in and make sense, as they were written."""
        return {
            name: text
            for name in self.cleaned_data
            if (text := str(self._data.get(name, "")).strip())
        }

    @property
    def is_narrowed(self) -> bool:
        """Whether it hides sessions that its view alone would show."""
        return bool(self.given.keys() & {"words", "system", "assigned", "state"})

    def urlencode(self, **changes: object) -> str:
        """The filter as a query string without empty parts. changes: other values; "" drops one."""
        parts = self.given | changes
        return urlencode({name: value for name, value in parts.items() if value != ""})

    def get_absolute_url(self, **changes: object) -> str:
        """The address of the board under this filter, with changes as in urlencode()."""
        query = self.urlencode(**changes)
        return f"{reverse('oversight:board')}?{query}" if query else reverse("oversight:board")

    def apply(
        self, sessions: QuerySet[RemoteSession], person: AbstractUser
    ) -> QuerySet[RemoteSession]:
        """Those of the sessions that the filter lets through. person: who is "me"."""
        given = self.cleaned_data
        if given.get("system"):
            sessions = sessions.filter(alias=given["system"])
        if given.get("state"):
            sessions = sessions.filter(state=given["state"])
        if given.get("words"):
            sessions = sessions.filter(_contains(given["words"]))
        match given.get("assigned"):
            case "" | None:
                return sessions
            case "me":
                return sessions.filter(team__assigned_to=person.pk)
            case "nobody":
                return sessions.filter(team__assigned_to=None)
            case username:
                return sessions.filter(team__assigned_to__username=username)


def _contains(words: str) -> Q:
    by_ticket = Attempt.objects.filter(ticket__icontains=words).values("session_id")
    in_session = Q(session_id__icontains=words) | Q(client_name__icontains=words)
    return in_session | Q(pk__in=by_ticket)


def _system_choices() -> list[tuple[str, str]]:
    labels = [(alias, upstream.api_for(alias).label) for alias in upstream.aliases()]
    return [("", "any"), *labels]
