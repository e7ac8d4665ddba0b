from django import forms


class ReviewForm(forms.Form):
    """mark: how the story then stands. seen: the last event of it that the reviewer was shown."""

    mark = forms.ChoiceField(choices=[("reviewed", "Reviewed"), ("flagged", "Flagged")])
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(min_value=1, max_value=2**63 - 1)

    def clean_note(self) -> str:
        """In one line, as all reasons are."""
        return " ".join(self.cleaned_data["note"].split())
