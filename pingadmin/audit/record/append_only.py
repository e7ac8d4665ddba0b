"""Refuses every ORM path that would change the audit log. The database's triggers refuse the rest."""

from django.db import models


class AppendOnlyError(TypeError):
    """Somebody tried to write an audit row by another way than the trail."""

    def __init__(self):
        super().__init__(
            "The audit log is append-only: write with pingadmin.audit.record.trail.append(), and never change or remove a row."
        )


class AppendOnlyQuerySet(models.QuerySet):
    """Reads freely. The async and get_or_ variants end in one of these or in the model's save()."""

    refusal: type[Exception] = AppendOnlyError

    def update(self, **kwargs):
        raise self.refusal

    def delete(self):
        raise self.refusal

    def bulk_create(self, objs, *args, **kwargs):
        raise self.refusal

    def bulk_update(self, objs, *args, **kwargs):
        raise self.refusal

    # Django reads these marks to keep destructive methods off the manager and out of templates.
    update.alters_data = True
    delete.alters_data = True
    delete.queryset_only = True
    bulk_create.alters_data = True
    bulk_update.alters_data = True
