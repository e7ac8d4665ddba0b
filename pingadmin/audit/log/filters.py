"""One question to the log: the same object answers page, count and links, and it lives in the URL."""

from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from pingadmin.audit.entries import entries
from pingadmin.audit.entries.results import ended
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.review import facets, reviews

RESULTS = {
    "confirmed": "Confirmed",
    "accepted": "Accepted",
    "already": "Nothing to do",
    "rejected": "Refused",
    "not_sent": "Not sent",
    "unknown": "Unknown",
    "none": "No outcome yet",
}
HAVE_CHIPS = {"result", "review", "facet"}


class Moment(forms.CharField):
    """A day or a time in the viewer's zone. A day stands for its beginning, or for its end."""

    def __init__(self, *, day_ends: bool = False, **kwargs):
        super().__init__(max_length=40, required=False, **kwargs)
        self.day_ends = day_ends

    def clean(self, value) -> datetime | None:
        text = super().clean(value)
        try:
            return self._moment(text) if text else None
        except (ValueError, OverflowError):
            raise forms.ValidationError(
                "Write a day such as 2026-11-22, or a time such as 2026-11-22T14:02."
            ) from None

    def _moment(self, text: str) -> datetime:
        if len(text) == len("2026-11-22"):
            day = date.fromisoformat(text) + timedelta(days=self.day_ends)
            moment = datetime.combine(day, time())
        else:
            moment = datetime.fromisoformat(text)
        if not 2000 <= moment.year < 2200:
            raise ValueError("no audit log is that old or that new")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


class Question(forms.Form):
    """Actor, action and words may be of any event in a story, so that who closed it is found; all else is of
    its head. `since` is included, `until` is not."""

    words = forms.CharField(label="Words in the reason", max_length=200, required=False)
    actor = forms.CharField(label="Who", max_length=150, required=False)
    action = forms.CharField(label="Act", max_length=40, required=False)
    session = forms.CharField(label="Session", max_length=128, required=False)
    client = forms.CharField(label="Client or agent", max_length=200, required=False)
    alias = forms.CharField(label="System", max_length=32, required=False)
    ticket = forms.CharField(label="Ticket", max_length=100, required=False)
    batch = forms.CharField(label="Bulk act", max_length=36, required=False)
    result = forms.ChoiceField(
        label="Result", choices=[("", "Any"), *RESULTS.items()], required=False
    )
    since = Moment(label="From")
    until = Moment(label="To", day_ends=True)
    review = forms.ChoiceField(
        label="Review", choices=[("", "Any"), *reviews.STATES.items()], required=False
    )
    facet = forms.ChoiceField(
        label="Worth a look",
        choices=lambda: [("", "Any"), *facets.choices().items()],
        required=False,
    )

    def __init__(self, data):
        super().__init__(data)
        for name in ("actor", "action", "alias"):
            self.fields[name].widget.attrs["list"] = f"suggested-{name}"
        for name in ("since", "until"):
            self.fields[name].widget.input_type = _input_type(self.data.get(name, ""))

    def clean(self):
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since >= until:
            self.add_error("until", "This is before From.")
        return self.cleaned_data

    def queryset(self) -> QuerySet:
        """The heads of all stories that match, in no order. Call it on a valid question only."""
        asked = self.cleaned_data
        heads = entries.all_heads()
        columns = {
            "session_id": "session",
            "client": "client",
            "alias": "alias",
            "ticket": "ticket",
        }
        columns |= {"batch": "batch"}
        columns |= {"at__gte": "since", "at__lt": "until"}
        heads = heads.filter(
            **{column: asked[name] for column, name in columns.items() if asked[name]}
        )
        if asked["batch"]:
            # Said twice: the index over bulk acts alone can then be used.
            heads = heads.exclude(batch="")
        by_any_event = self._by_any_event()
        if by_any_event:
            heads = heads.filter(seq__in=AuditEvent.objects.filter(by_any_event).values("story"))
        if asked["review"]:
            heads = reviews.in_state(heads, asked["review"])
        if asked["facet"]:
            heads = facets.with_facet(heads, asked["facet"])
        return heads.filter(ended(asked["result"])) if asked["result"] else heads

    def with_(self, **changed: str) -> "Question":
        """The same question with these answers instead."""
        return Question(QueryDict(self.urlencode(**changed)))

    @property
    def asked(self) -> dict[str, str]:
        """What was filled in, as it was written; an invalid answer too."""
        return {
            name: self.data[name].strip() for name in self.fields if self.data.get(name, "").strip()
        }

    def without_each(self) -> list[tuple[str, str, str]]:
        """For each part that has no chips of its own: its label, what was written, the query string without it."""
        return [
            (self.fields[name].label, text, self.urlencode(**{name: ""}))
            for name, text in self.asked.items()
            if name not in HAVE_CHIPS
        ]

    def urlencode(self, **changed: str) -> str:
        """The question as a query string without blanks, with these answers instead; '' drops one."""
        return urlencode({name: text for name, text in (self.asked | changed).items() if text})

    def _by_any_event(self) -> Q:
        asked = self.cleaned_data
        by_any_event = Q()
        if asked["actor"]:
            by_any_event &= Q(actor_name=asked["actor"])
        if asked["action"]:
            by_any_event &= Q(action=asked["action"])
        for word in asked["words"].split():
            by_any_event &= Q(reason__icontains=word)
        return by_any_event


def _input_type(written: str) -> str:
    """A picker where it can hold what is written: it would drop what it cannot."""
    try:
        datetime.fromisoformat(written or "2026-11-22")
    except ValueError:
        return "text"
    return {0: "date", len("2026-11-22"): "date", len("2026-11-22T14:02"): "datetime-local"}.get(
        len(written), "text"
    )
