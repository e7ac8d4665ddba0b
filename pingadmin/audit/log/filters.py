"""The filter of the audit log, as the URL has it.

One object answers the page, its count and its links, so they cannot disagree.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.db.models import Q
from django.http import QueryDict

from pingadmin.audit import actions
from pingadmin.audit.marks import ReviewState
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.querysets import NO_OUTCOME, AuditEventQuerySet
from pingadmin.audit.review.facets import available_facets, filter_by_facet
from pingadmin.web.local_time import from_local

# These fields are set by chips above the list, not by the form alone.
FIELDS_WITH_CHIPS = {"result", "review", "facet"}
# Column of the head -> the field that filters by it.
_COLUMNS = {
    "alias": "alias",
    "batch": "batch",
    "at__gte": "since",
    "at__lt": "until",
}
# Many values: a part of one matches, in any case.
_PARTS = {"session_id": "session", "client": "client", "ticket": "ticket"}
_DAY_LENGTH, _MINUTE_LENGTH = len("2026-11-22"), len("2026-11-22T14:02")


def result_choices() -> dict[str, str]:
    """What the log can be filtered by: the results of all registered actions, and having none."""
    return actions.labels_of(actions.registered_results().values()) | {
        NO_OUTCOME: actions.NO_OUTCOME_YET
    }


class DayOrTimeField(forms.CharField):
    """A day or a time in the viewer's zone, as a datetime.

    A day means its beginning; with `day_ends` it means its end.
    """

    def __init__(self, *, day_ends: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=40, required=False, **kwargs)
        self.day_ends = day_ends

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        try:
            return self._parse(text) if text else None
        except (ValueError, OverflowError):
            raise forms.ValidationError(
                "Write a day such as 2026-11-22, or a time such as 2026-11-22T14:02."
            ) from None

    def _parse(self, text: str) -> datetime:
        if len(text) == _DAY_LENGTH:
            day = date.fromisoformat(text) + timedelta(days=self.day_ends)
            moment = datetime.combine(day, time())
        else:
            moment = datetime.fromisoformat(text)
        if not 2000 <= moment.year < 2200:
            raise ValueError("no audit log is that old or that new")
        return from_local(moment, is_end=self.day_ends)


class AuditFilter(forms.Form):
    """Who, action and words may match any event of an entry, so whoever resolved it is found too.

    Everything else must match its head. No case matters, and of a session, a client or a ticket a
    part is enough. `since` is included, `until` is not.
    """

    words = forms.CharField(label="Words in the reason", max_length=200, required=False)
    actor = forms.CharField(label="Who", max_length=150, required=False)
    action = forms.CharField(label="Action", max_length=40, required=False)
    session = forms.CharField(label="Session", max_length=128, required=False)
    client = forms.CharField(label="Client", max_length=200, required=False)
    alias = forms.CharField(label="System", max_length=32, required=False)
    ticket = forms.CharField(label="Ticket", max_length=100, required=False)
    batch = forms.CharField(label="Bulk action", max_length=36, required=False)
    result = forms.ChoiceField(
        label="Result", choices=lambda: [("", "Any"), *result_choices().items()], required=False
    )
    since = DayOrTimeField(label="From")
    until = DayOrTimeField(label="To", day_ends=True)
    review = forms.ChoiceField(
        label="Review", choices=[("", "Any"), *ReviewState.choices], required=False
    )
    facet = forms.ChoiceField(
        label="Worth a look",
        choices=lambda: [("", "Any"), *available_facets().items()],
        required=False,
    )

    def __init__(self, data: Mapping[str, str]) -> None:
        # People also write the label of an action.
        named = {"action": actions.name_for(data["action"].strip())} if "action" in data else {}
        super().__init__({name: data[name] for name in data} | named)
        self.fields["actor"].widget.attrs["list"] = "known-actor"
        # Few values: a list. One that is not on it, as in an old link, is shown all the same.
        for name, known in (("action", actions.choices()), ("alias", _account_choices())):
            given = str(self.data.get(name, "")).strip()
            extra = [(given, given)] if given and given not in dict(known) else []
            self.fields[name].widget = forms.Select(choices=[("", "Any"), *known, *extra])
        for name in ("since", "until"):
            self.fields[name].widget.input_type = _input_type(self.data.get(name, ""))

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since >= until:
            self.add_error("until", "This is before From.")
        return self.cleaned_data

    def heads(self) -> AuditEventQuerySet:
        """The heads of all matching entries, in no order. Only for a valid filter."""
        values = self.cleaned_data
        conditions = {column: values[name] for column, name in _COLUMNS.items() if values[name]}
        heads = AuditEvent.objects.heads().filter(**conditions)
        for column, name in _PARTS.items():
            if values[name]:
                # By number: an index over the column alone is read, not the whole log.
                holding = AuditEvent.objects.filter(**{f"{column}__icontains": values[name]})
                heads = heads.filter(seq__in=holding.values("seq"))
        if values["batch"]:
            # Redundant, but it lets the partial index over bulk actions be used.
            heads = heads.exclude(batch="")
        if of_any_event := self._conditions_of_any_event():
            matching = AuditEvent.objects.filter(of_any_event)
            heads = heads.filter(seq__in=matching.values("story"))
        if values["review"]:
            heads = heads.in_review_state(values["review"])
        if values["facet"]:
            heads = filter_by_facet(heads, values["facet"])
        return heads.with_result(values["result"]) if values["result"] else heads

    def replaced(self, **values: str) -> "AuditFilter":
        """The same filter with these values instead."""
        return AuditFilter(QueryDict(self.urlencode(**values)))

    @property
    def entered(self) -> dict[str, str]:
        """What was filled in, as it was written; an invalid value too."""
        return {
            name: self.data[name].strip() for name in self.fields if self.data.get(name, "").strip()
        }

    def described(self) -> list[tuple[str, str]]:
        """Each value that was filled in, as (label, text for people)."""
        labels = {"action": dict(actions.choices()), "result": result_choices()}
        labels |= {"review": dict(ReviewState.choices), "facet": available_facets()}
        return [
            (str(self.fields[name].label), labels.get(name, {}).get(text, text))
            for name, text in self.entered.items()
        ]

    def removable_values(self) -> list[tuple[str, str, str]]:
        """Each value that no chip shows: its label, its text, and the query string without it."""
        return [
            (str(self.fields[name].label), text, self.urlencode(**{name: ""}))
            for name, text in self.entered.items()
            if name not in FIELDS_WITH_CHIPS
        ]

    def urlencode(self, **values: str | int) -> str:
        """The filter as a query string without blanks, with these values instead; "" drops one."""
        texts = self.entered | values
        return urlencode({name: text for name, text in texts.items() if text})

    def _conditions_of_any_event(self) -> Q:
        values, conditions = self.cleaned_data, Q()
        if values["actor"]:
            conditions &= Q(actor_name__in=AuditEvent.objects.names_in_any_case(values["actor"]))
        if values["action"]:
            conditions &= Q(action=values["action"])
        for word in values["words"].split():
            conditions &= Q(reason__icontains=word)
        return conditions


def _account_choices() -> list[tuple[str, str]]:
    return [(alias, upstream["LABEL"]) for alias, upstream in settings.UPSTREAMS.items()]


def _input_type(text: str) -> str:
    """A date picker where it can show what was written, for it drops what it cannot show."""
    if not text:
        return "date"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return "text"
    return {_DAY_LENGTH: "date", _MINUTE_LENGTH: "datetime-local"}.get(len(text), "text")
