"""Who acts: a person behind a request, or the system itself. Written into the row as they are now."""

from dataclasses import dataclass

PERSON, SYSTEM, VISITOR = "person", "system", "visitor"


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
    def of(cls, request, user=None) -> "Actor":
        """The signed-in person of a request; `user` where the request does not know them yet, or no more."""
        user = user or request.user
        return cls(
            kind=PERSON,
            id=str(user.pk),
            name=user.get_username(),
            role=user.role or "",
            source_address=request.META.get("REMOTE_ADDR", ""),
            request_id=getattr(request, "request_id", ""),
        )

    @classmethod
    def visitor(cls, request) -> "Actor":
        """Somebody who is not signed in."""
        return cls(
            kind=VISITOR,
            id="",
            name="not signed in",
            source_address=request.META.get("REMOTE_ADDR", ""),
            request_id=getattr(request, "request_id", ""),
        )

    @classmethod
    def system(cls, name: str) -> "Actor":
        """A part of the panel that acts by itself, such as `reconciler`."""
        return cls(kind=SYSTEM, id="", name=name)
