"""People in Django's admin, for superusers: administrators have our own pages.

Rights are never given one by one.

A site of its own, so that what other packages register for themselves has no address here.
"""

from typing import TYPE_CHECKING, Any, cast

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from pingadmin.accounts import people
from pingadmin.accounts.audit_events import record_person_event
from pingadmin.accounts.models import User
from pingadmin.accounts.roles import ROLES
from pingadmin.audit.record.actors import Actor

if TYPE_CHECKING:
    # Only the stubs let these classes say whose form and whose admin they are.
    _UserChangeForm = UserChangeForm[User]
    _UserAdmin = UserAdmin[User]
else:
    _UserChangeForm, _UserAdmin = UserChangeForm, UserAdmin


class PeopleSite(admin.AdminSite):
    site_header = site_title = index_title = "pingadmin"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = cast(User, request.user)
        return user.is_active and user.is_superuser

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Our own sign-in, with its limits and second factors. Refuses whoever is no superuser."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        page: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return page


site = PeopleSite(name="admin")


class RoleField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("", "Choose one"), *((role, role) for role in ROLES)], **kwargs)


class AddPersonForm(AdminUserCreationForm):
    role = RoleField()


class ChangePersonForm(_UserChangeForm):
    role = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = self.instance.role


@admin.register(User, site=site)
class PersonAdmin(_UserAdmin):
    form = ChangePersonForm
    add_form = AddPersonForm
    list_display = ["username", "first_name", "last_name", "role", "is_active", "last_login"]
    list_filter = ["groups", "is_active"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", "role", "is_active"]}),
        ("Names", {"fields": ["first_name", "last_name", "email"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2", "role"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody's: names in the audit log stay theirs."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def save_related(
        self, request: HttpRequest, form: "ModelForm[User]", formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        role = form.cleaned_data.get("role")
        if role:
            people.set_role(user=form.instance, role=role, by=Actor.of(request))

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        record_person_event("person_added", by=Actor.of(request), person=obj.username)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        record_person_event(
            "person_changed",
            by=Actor.of(request),
            person=obj.username,
            fields=[name for part in message for name in part.get("changed", {}).get("fields", [])],
            active=obj.is_active,
        )
        return super().log_change(request, obj, message)
