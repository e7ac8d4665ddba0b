from django import forms

from pingadmin.audit.marks import Mark


class ReviewForm(forms.Form):
    """mark: the state that the entry gets. seen: the last event that the reviewer's page showed."""

    mark = forms.ChoiceField(choices=[(mark.state.value, mark.label) for mark in Mark])
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(min_value=1, max_value=2**63 - 1)

    def clean_note(self) -> str:
        """On one line, like every reason in the log."""
        return " ".join(self.cleaned_data["note"].split())
