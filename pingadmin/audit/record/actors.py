"""Who acts: a person behind a request, or the panel itself. An event stores a copy of it."""

from dataclasses import dataclass
from typing import Protocol, Self, cast

from django.db import models
from django.http import HttpRequest

from pingadmin.web.client_address import client_address


class ActorKind(models.TextChoices):
    PERSON = "person"
    SYSTEM = "system"
    VISITOR = "visitor"


class Person(Protocol):
    """What the audit log copies from a user, whatever the user model is."""

    pk: int

    @property
    def role(self) -> str | None: ...

    def get_username(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Name and role are copies: a later rename or dismissal does not rewrite the past."""

    kind: str
    id: str
    name: str
    role: str = ""
    source_address: str = ""
    request_id: str = ""

    @classmethod
    def of(cls, request: HttpRequest, user: Person | None = None) -> Self:
        """The signed-in person of a request.

        user: the person where the request does not know them yet, or no longer does.
        """
        person = user or cast(Person, request.user)
        return cls(
            kind=ActorKind.PERSON,
            id=str(person.pk),
            name=person.get_username(),
            role=person.role or "",
            source_address=client_address(request),
            request_id=getattr(request, "request_id", ""),
        )

    @classmethod
    def visitor(cls, request: HttpRequest) -> Self:
        """Somebody who is not signed in."""
        return cls(
            kind=ActorKind.VISITOR,
            id="",
            name="not signed in",
            source_address=client_address(request),
            request_id=getattr(request, "request_id", ""),
        )

    @classmethod
    def system(cls, name: str) -> Self:
        """A part of the panel that acts by itself, such as `reconcile`."""
        return cls(kind=ActorKind.SYSTEM, id="", name=name)
