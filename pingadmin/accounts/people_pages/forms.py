"""What administrators type about people."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password

from pingadmin.accounts.models import User
from pingadmin.accounts.roles import ROLES

if TYPE_CHECKING:
    # Only the stubs let the form say whose it is.
    _ModelForm = forms.ModelForm[User]
else:
    _ModelForm = forms.ModelForm

# Of what is typed into a field on why something is done.
REASON_CHARACTERS = 500


def _password_field(**options: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(strip=False, max_length=4096, widget=widget, **options)


class RoleField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        roles = [("", "Choose one"), *((role, role.capitalize()) for role in ROLES)]
        super().__init__(choices=roles, **options)


class DetailsForm(_ModelForm):
    """How somebody is called, and the mail address by which single sign-on finds them."""

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email"]
        labels = {"username": "Username", "email": "Email address"}
        help_texts = {"username": ""}

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if self._others().filter(username__iexact=name).exists():
            raise forms.ValidationError(f"There is already a user {name}. Choose another name.")
        return name

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        other = address and self._others().filter(email__iexact=address).first()
        if other:
            # Single sign-on could not tell them apart.
            raise forms.ValidationError(f"{other.username} has this address already.")
        return address

    def _others(self) -> Any:
        return User.objects.exclude(pk=self.instance.pk)


class AddPersonForm(DetailsForm):
    role = RoleField()
    password = _password_field(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["password"]
        field.required = not settings.SOCIALACCOUNT_PROVIDERS
        if not field.required:
            field.help_text = "Leave it empty for somebody who signs in with their work account."

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if password := given.get("password"):
            names = {name: given.get(name, "") for name in DetailsForm.Meta.fields}
            try:
                validate_password(password, User(**names))
            except forms.ValidationError as problem:
                self.add_error("password", problem)
        return given


class RoleForm(forms.Form):
    role = RoleField()


class PasswordForm(forms.Form):
    password = _password_field(label="New password")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self._person)
        return password


class ResetForm(forms.Form):
    reason = forms.CharField(max_length=REASON_CHARACTERS, label="Why?")
