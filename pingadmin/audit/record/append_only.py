"""Refuses every ORM path that would change the audit log. The triggers refuse the rest."""

from typing import Any, NoReturn, TypeVar

from django.db import models

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class AppendOnlyError(TypeError):
    """Code tried to write an audit event without the trail, or to change one."""

    def __init__(self) -> None:
        super().__init__(
            "The audit log is append-only: write with pingadmin.audit.record.trail.append(), "
            "and never change or remove a row."
        )


class AppendOnlyQuerySet(models.QuerySet[_Row]):
    """Reads as any QuerySet does, and refuses to write.

    The async and `get_or_` variants end in one of these methods or in the model's save().
    """

    refusal: type[Exception] = AppendOnlyError

    def update(self, **kwargs: Any) -> NoReturn:
        raise self.refusal

    def delete(self) -> NoReturn:
        raise self.refusal

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.refusal

    def bulk_update(self, objs: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.refusal


# Django reads these flags to keep destructive methods off the manager and out of templates.
for _method in ("update", "delete", "bulk_create", "bulk_update"):
    setattr(getattr(AppendOnlyQuerySet, _method), "alters_data", True)  # noqa: B010
setattr(AppendOnlyQuerySet.delete, "queryset_only", True)  # noqa: B010
