"""A list of people, and one page for each: what they are called, may do, and sign in with."""

from typing import Any, cast

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pingadmin.accounts import people, sign_ins
from pingadmin.accounts.guards.second_factor import KINDS
from pingadmin.accounts.models import User
from pingadmin.accounts.people_pages.forms import (
    AddPersonForm,
    DetailsForm,
    PasswordForm,
    ResetForm,
    RoleForm,
)
from pingadmin.audit.record.actors import Actor

PEOPLE_A_PAGE = 100

may_view = permission_required("accounts.view_user", raise_exception=True)
may_add = permission_required("accounts.add_user", raise_exception=True)
may_change = permission_required("accounts.change_user", raise_exception=True)


@require_safe
@may_view
def list_people(request: HttpRequest) -> HttpResponse:
    """Everybody who was added, active ones first; ?q= a part of a name or mail address."""
    # PostgreSQL takes no NUL; no name has one.
    words = request.GET.get("q", "").replace("\0", "").strip()
    page = Paginator(_matching(words), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/people/list.html", {"people": page, "words": words})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@sensitive_variables("given")
@may_add
def add(request: HttpRequest) -> HttpResponse:
    """Add a person with one role."""
    form = AddPersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            added = people.add_user(
                by=Actor.of(request), **(given | {"password": given["password"] or None})
            )
        except (people.NameTakenError, people.RoleNotSyncedError) as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, f"{added.username} was added as {given['role']}.")
            return redirect("people:person", added.pk)
    status = 400 if form.is_bound else 200
    return render(request, "accounts/people/add.html", {"form": form}, status=status)


@require_safe
@may_view
def show_person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person: what is known of them, and a form for everything that may be changed."""
    return _show(request, get_object_or_404(User, pk=person_id))


@require_POST
@may_change
def change_details(request: HttpRequest, person_id: int) -> HttpResponse:
    """Change names and mail address."""
    form = DetailsForm(request.POST, instance=_find(request, person_id))
    if not form.is_valid():
        # The form has put what was typed onto its person.
        return _show(request, _find(request, person_id), details=form)
    if form.changed_data:
        people.change_details(user=form.instance, fields=form.changed_data, by=Actor.of(request))
        messages.success(request, "Details saved.")
    return redirect("people:person", person_id)


@require_POST
@may_change
def set_role(request: HttpRequest, person_id: int) -> HttpResponse:
    """Give the person another role."""
    person, form = _find(request, person_id), RoleForm(request.POST)
    if not form.is_valid():
        return _show(request, person, role=form)
    role = form.cleaned_data["role"]
    try:
        people.change_role(user=person, role=role, by=Actor.of(request))
    except (people.LastAdministratorError, people.RoleNotSyncedError) as problem:
        form.add_error("role", str(problem))
        return _show(request, person, role=form)
    messages.success(request, f"The role is {role}. It holds from their next request on.")
    return redirect("people:person", person_id)


@require_POST
@sensitive_post_parameters("password")
@may_change
def set_password(request: HttpRequest, person_id: int) -> HttpResponse:
    """Set a password, which ends what was signed in with the one before."""
    person = _find(request, person_id)
    form = PasswordForm(request.POST, person=person)
    if not form.is_valid():
        return _show(request, person, password=form)
    people.set_password(user=person, password=form.cleaned_data["password"], by=Actor.of(request))
    messages.success(request, "Password set. Signed out everywhere: they sign in with the new one.")
    return redirect("people:person", person_id)


@require_POST
@may_change
def set_active(request: HttpRequest, person_id: int) -> HttpResponse:
    """Switch the person off (`active=no`), which ends their sign-ins, or on again."""
    person = _find(request, person_id)
    is_active = request.POST.get("active") == "yes"
    if not is_active and person == request.user:
        messages.error(request, "You can’t switch yourself off. Another administrator can.")
        return redirect("people:person", person_id)
    try:
        people.set_active(user=person, is_active=is_active, by=Actor.of(request))
    except people.LastAdministratorError as problem:
        messages.error(request, str(problem))
    else:
        done = "can sign in again" if is_active else "is switched off and signed out"
        messages.success(request, f"{person.username} {done}.")
    return redirect("people:person", person_id)


@require_POST
@may_change
def reset_second_factor(request: HttpRequest, person_id: int) -> HttpResponse:
    """Take every second factor of the person away, because it was lost."""
    person, form = _find(request, person_id), ResetForm(request.POST)
    if not form.is_valid():
        return _show(request, person, reset=form)
    reason = form.cleaned_data["reason"]
    people.reset_second_factor(user=person, reason=reason, by=Actor.of(request))
    messages.success(request, "The second factor is gone. They can sign in and set up another.")
    return redirect("people:person", person_id)


@require_POST
@may_change
def end_sign_ins(request: HttpRequest, person_id: int) -> HttpResponse:
    """Sign the person out everywhere; oneself everywhere else."""
    person = _find(request, person_id)
    ended = [
        each for each in sign_ins.list_sign_ins(person) if each.key != request.session.session_key
    ]
    count = sign_ins.end_sign_ins(ended, person=person, by=Actor.of(request))
    messages.success(request, f"{count} {'sign-in' if count == 1 else 'sign-ins'} ended.")
    return redirect("people:person", person_id)


def _matching(words: str) -> QuerySet[User]:
    matching = User.objects.annotate(
        role_name=Min("groups__name"),
        has_second_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=KINDS)),
    )
    if words:
        named = Q(username__icontains=words) | Q(email__icontains=words)
        named |= Q(first_name__icontains=words) | Q(last_name__icontains=words)
        matching = matching.filter(named)
    return matching.order_by("-is_active", Lower("username"))


def _find(request: HttpRequest, person_id: int) -> User:
    """Whom a form is about. Raises Http404, or PermissionDenied for who stands above the asker."""
    person = get_object_or_404(User, pk=person_id)
    if person.is_superuser and not cast(User, request.user).is_superuser:
        raise PermissionDenied
    return person


def _show(request: HttpRequest, person: User, **refused: forms.Form | DetailsForm) -> HttpResponse:
    """refused: the form that was sent and holds a mistake, by its name in the template."""
    new: dict[str, Any] = {
        "details": DetailsForm(instance=person),
        "role": RoleForm(initial={"role": person.role}),
        "password": PasswordForm(person=person),
        "reset": ResetForm(),
    }
    context = {
        "person": person,
        "forms": new | refused,
        "has_second_factor": Authenticator.objects.filter(user=person, type__in=KINDS).exists(),
        "sign_ins": sign_ins.list_sign_ins(person) if person.is_active else [],
        "current_key": request.session.session_key,
        "may_change": request.user.has_perm("accounts.change_user")
        and (not person.is_superuser or cast(User, request.user).is_superuser),
    }
    return render(request, "accounts/people/person.html", context, status=400 if refused else 200)
