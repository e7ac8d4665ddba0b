from django import forms

from pingadmin.audit.marks import Mark
from pingadmin.web.plain_text import OneLineField


class ReviewForm(forms.Form):
    """mark: the state that the entry gets. seen: the last event that the reviewer's page showed."""

    mark = forms.ChoiceField(choices=[(mark.state.value, mark.label) for mark in Mark])
    # On one line, like every reason in the log.
    note = OneLineField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(min_value=1, max_value=2**63 - 1)
