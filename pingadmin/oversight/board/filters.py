"""One question to the board: the same object is behind page, poll, chips, form and saved views; it lives in the URL."""

from urllib.parse import urlencode

from django import forms
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.log.filters import Moment
from pingadmin.remote_sessions.display.card import STATE_MEANINGS
from pingadmin.resumes.models import Attempt

BOARD, LOOK, WATCHED, PAUSED, ALL = "", "look", "watched", "paused", "all"
VIEWS = {
    BOARD: "Board",
    LOOK: "Needs a look",
    WATCHED: "Watched",
    PAUSED: "Paused",
    ALL: "All known",
}
SORTS = {
    "": "trouble first",
    "seen": "last seen",
    "id": "id",
    "client": "client",
    "traffic": "traffic",
}
ORDERS = {
    "": ["-last_seen_at", "id"],
    "seen": ["-last_seen_at", "id"],
    "id": ["session_id", "id"],
    "client": ["client_name", "id"],
    "traffic": [F("downloaded_bytes").desc(nulls_last=True), "id"],
}
ANYONE, ME, NOBODY = "", "me", "nobody"
SIZE, LARGE = 100, 1000
MOST_PAGES = 1_000_000


class Asked(forms.Form):
    """The parts of a question, as the URL has them. `words` are looked for in the id, the client or agent, and the
    tickets of attempts. `at` asks for the board as it was at a moment."""

    view = forms.ChoiceField(label="View", choices=VIEWS.items(), required=False)
    words = forms.CharField(label="Search these", max_length=200, required=False)
    system = forms.ChoiceField(label="System", choices=lambda: _systems(), required=False)
    assigned = forms.CharField(label="Assigned", max_length=150, required=False)
    state = forms.ChoiceField(label="State", choices=lambda: _states(), required=False)
    sort = forms.ChoiceField(label="Sort", choices=SORTS.items(), required=False)
    size = forms.TypedChoiceField(
        label="Rows",
        choices=[(SIZE, SIZE), (LARGE, LARGE)],
        coerce=int,
        empty_value=SIZE,
        required=False,
    )
    page = forms.IntegerField(label="Page", min_value=1, max_value=MOST_PAGES, required=False)
    at = Moment(label="As it was at")


class Question:
    """What is asked of the board. A part that makes no sense is left out, and told in `problems`."""

    def __init__(self, data: QueryDict):
        form = Asked(data)
        form.is_valid()
        self.fields, self.errors, self.cleaned_data, self._data = (
            form.fields,
            form.errors,
            form.cleaned_data,
            form.data,
        )

    @property
    def view(self) -> str:
        return self.cleaned_data.get("view") or BOARD

    @property
    def sort(self) -> str:
        return self.cleaned_data.get("sort") or ""

    @property
    def sorts(self) -> list[tuple[str, str]]:
        """What this view can be sorted by, its own order first."""
        return [(name, label) for name, label in SORTS.items() if name or self.view != ALL]

    @property
    def size(self) -> int:
        return self.cleaned_data.get("size") or SIZE

    @property
    def page(self) -> int:
        return self.cleaned_data.get("page") or 1

    @property
    def at(self):
        """The moment in the past that is asked for, None for now."""
        at = self.cleaned_data.get("at")
        return at if at and at < timezone.now() else None

    @property
    def is_grouped(self) -> bool:
        return self.view != ALL and not self.sort

    @property
    def problems(self) -> list[str]:
        """What was left out of the question, and why: one sentence for each."""
        told = [f"{self.fields[name].label}: {' '.join(why)}" for name, why in self.errors.items()]
        if self.cleaned_data.get("at") and not self.at:
            told.append(
                "As it was at: that moment is still to come, so the board is shown as it is now."
            )
        return told

    @property
    def asked(self) -> dict[str, str]:
        """What was filled in and makes sense, as it was written."""
        return {
            name: self._data[name].strip()
            for name in self.cleaned_data
            if self._data.get(name, "").strip()
        }

    @property
    def narrows(self) -> bool:
        """Whether it leaves out sessions that its view alone would show."""
        return bool(self.asked.keys() & {"words", "system", "assigned", "state"})

    def urlencode(self, **changed) -> str:
        """The question as a query string without blanks, with these answers instead; '' drops one."""
        return urlencode(
            {name: text for name, text in (self.asked | changed).items() if text != ""}
        )

    def narrow(self, sessions: QuerySet, *, me) -> QuerySet:
        """Of these sessions, those that the filters let through. me: the person who asks."""
        asked = self.cleaned_data
        if asked.get("system"):
            sessions = sessions.filter(alias=asked["system"])
        if asked.get("state"):
            sessions = sessions.filter(state=asked["state"])
        if asked.get("words"):
            sessions = sessions.filter(_holds(asked["words"]))
        match asked.get("assigned") or ANYONE:
            case "":
                return sessions
            case "me":
                return sessions.filter(team__assigned_to=me)
            case "nobody":
                return sessions.filter(team__assigned_to=None)
            case name:
                return sessions.filter(team__assigned_to__username=name)


def question_of(query: str) -> Question:
    """The question that a query string asks."""
    return Question(QueryDict(query))


def _holds(words: str) -> Q:
    tickets = Attempt.objects.filter(ticket__icontains=words).values("session_id")
    return Q(session_id__icontains=words) | Q(client_name__icontains=words) | Q(pk__in=tickets)


def _systems() -> list[tuple[str, str]]:
    return [("", "any")] + [(alias, upstream.api_for(alias).label) for alias in upstream.aliases()]


def _states() -> list[tuple[str, str]]:
    return [("", "any")] + [(word, word.capitalize()) for word in STATE_MEANINGS]
