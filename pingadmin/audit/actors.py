"""Who acts: a person behind a request, or the system itself. Written into the row as they are now."""

from dataclasses import dataclass

PERSON, SYSTEM = "person", "system"


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
    def of(cls, request) -> "Actor":
        """The signed-in person of a request."""
        return cls(
            kind=PERSON,
            id=str(request.user.pk),
            name=request.user.get_username(),
            role=request.user.role or "",
            source_address=request.META.get("REMOTE_ADDR", ""),
            request_id=getattr(request, "request_id", ""),
        )

    @classmethod
    def system(cls, name: str) -> "Actor":
        """A part of the panel that acts by itself, such as `reconciler`."""
        return cls(kind=SYSTEM, id="", name=name)
