"""Questions to the board that the team keeps under names. Each save, rename and delete goes into the audit log."""

from django.db import transaction
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import SavedView

MOST = 30
LONGEST_QUERY = SavedView._meta.get_field("query").max_length
LONGEST_NAME = SavedView._meta.get_field("name").max_length


class CannotSave(Exception):
    """Why a view cannot be kept like that, as a sentence that says what to do."""


@transaction.atomic
def save_view(*, name: str, query: str, by: Actor) -> SavedView:
    """Keep a question under a name that is free. Raises CannotSave."""
    name = _checked(name)
    if len(query) > LONGEST_QUERY:
        raise CannotSave("This question is too long to be saved. Search for less.")
    if SavedView.objects.count() >= MOST:
        raise CannotSave(f"There are {MOST} saved views already. Delete one that nobody needs.")
    view = SavedView.objects.create(
        name=name, query=query, saved_by_id=by.id, saved_by_name=by.name, saved_at=timezone.now()
    )
    trail.append(action="view_saved", phase="event", by=by, detail={"name": name, "query": query})
    return view


@transaction.atomic
def rename_view(view_id: int, *, name: str, by: Actor) -> SavedView:
    """Give a view another name. Raises CannotSave, SavedView.DoesNotExist."""
    view = SavedView.objects.select_for_update().get(pk=view_id)
    if name.strip() == view.name:
        return view
    before, view.name = view.name, _checked(name)
    view.save(update_fields=["name"])
    detail = {"name": view.name, "name_before": before, "query": view.query}
    trail.append(action="view_renamed", phase="event", by=by, detail=detail)
    return view


@transaction.atomic
def delete_view(view_id: int, *, by: Actor) -> None:
    """Remove a view; one that is gone already stays gone."""
    view = SavedView.objects.select_for_update().filter(pk=view_id).first()
    if view is None:
        return
    view.delete()
    trail.append(
        action="view_deleted", phase="event", by=by, detail={"name": view.name, "query": view.query}
    )


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise CannotSave(f"Give it a name of 1 to {LONGEST_NAME} letters.")
    if SavedView.objects.filter(name__iexact=name).exists():
        raise CannotSave(
            f"There is a view named “{name}” already. Choose another name, or delete that one."
        )
    return name
