"""What a bulk resume is posted with beside its sessions."""

from django import forms

from pingadmin.resumes.forms import ReasonForm


class BulkForm(ReasonForm):
    """One reason and ticket for all.

    token: makes a form that is sent twice one bulk resume. retry_of: the id of the bulk resume
    whose unsent items these are.
    """

    token = forms.UUIDField(required=False)
    retry_of = forms.UUIDField(required=False)
