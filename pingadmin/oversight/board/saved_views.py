"""Filters of the board that the team keeps under names.

Every save, rename and delete goes into the audit log.
"""

from django.db import transaction
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import SavedView

MAX_VIEWS = 30
MAX_QUERY_LENGTH: int = SavedView._meta.get_field("query").max_length or 0
MAX_NAME_LENGTH: int = SavedView._meta.get_field("name").max_length or 0


class SavedViewError(Exception):
    """Why a view cannot be saved like that: a sentence that says what to do."""


@transaction.atomic
def save_view(*, name: str, query: str, by: Actor) -> SavedView:
    """Save a filter under a name that is not taken. Raises SavedViewError."""
    name = _clean_name(name)
    if len(query) > MAX_QUERY_LENGTH:
        raise SavedViewError("This filter is too long to be saved. Search for less.")
    if SavedView.objects.count() >= MAX_VIEWS:
        raise SavedViewError(
            f"There are {MAX_VIEWS} saved views already. Delete one that nobody needs."
        )
    view = SavedView.objects.create(
        name=name, query=query, saved_by_id=by.id, saved_by_name=by.name, saved_at=timezone.now()
    )
    trail.append(action="view_saved", phase="event", by=by, detail={"name": name, "query": query})
    return view


@transaction.atomic
def rename_view(view_id: int, *, name: str, by: Actor) -> SavedView:
    """Give a view another name. Raises SavedViewError, SavedView.DoesNotExist."""
    view = SavedView.objects.select_for_update().get(pk=view_id)
    if name.strip() == view.name:
        return view
    old_name, view.name = view.name, _clean_name(name)
    view.save(update_fields=["name"])
    detail = {"name": view.name, "name_before": old_name, "query": view.query}
    trail.append(action="view_renamed", phase="event", by=by, detail=detail)
    return view


@transaction.atomic
def delete_view(view_id: int, *, by: Actor) -> None:
    """Delete a view. One that is gone already stays gone, and leaves no second event."""
    view = SavedView.objects.select_for_update().filter(pk=view_id).first()
    if view is None:
        return
    view.delete()
    detail = {"name": view.name, "query": view.query}
    trail.append(action="view_deleted", phase="event", by=by, detail=detail)


def _clean_name(name: str) -> str:
    """The name with single spaces. Raises SavedViewError where it is unusable or taken."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise SavedViewError(f"Give the view a name of 1 to {MAX_NAME_LENGTH} letters.")
    if SavedView.objects.filter(name__iexact=name).exists():
        raise SavedViewError(
            f"There is already a view named “{name}”. Choose another name, or delete that one."
        )
    return name
