"""Refuses every ORM path that would change what the team wrote. The database's triggers refuse the rest."""

from django.db import models


class EntryChanged(TypeError):
    """Somebody tried to write an entry by another way than team_log, or to change one."""

    def __init__(self):
        super().__init__(
            "The team's entries are append-only: write a further one with pingadmin.oversight.team_log.add(), "
            "and never change or remove one."
        )


class OnlyAddedQuerySet(models.QuerySet):
    """Reads and creates. The async and get_or_ variants end in one of these or in the model's save()."""

    def update(self, **kwargs):
        raise EntryChanged

    def delete(self):
        raise EntryChanged

    def bulk_create(self, objs, *args, **kwargs):
        raise EntryChanged

    def bulk_update(self, objs, *args, **kwargs):
        raise EntryChanged

    # Django reads these marks to keep destructive methods off the manager and out of templates.
    update.alters_data = True
    delete.alters_data = True
    delete.queryset_only = True
    bulk_create.alters_data = True
    bulk_update.alters_data = True
