"""What may be posted to a bulk resume beside its sessions."""

from django import forms

from pingadmin.resumes.forms import ResumeForm


class BulkForm(ResumeForm):
    """One reason and ticket for all. `token` makes a list that is sent twice one bulk resume; `retry_of` is the id of
    the bulk resume whose unsent items these are."""

    press = None
    token = forms.UUIDField(required=False)
    retry_of = forms.UUIDField(required=False)
