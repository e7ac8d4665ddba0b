"""How an audit entry stands in the review queue, and the marks that put it there."""

from django.db import models


class ReviewState(models.TextChoices):
    """An entry is pending until somebody marks it; its last mark counts."""

    PENDING = "pending", "To review"
    REVIEWED = "reviewed", "Reviewed"
    FLAGGED = "flagged", "Flagged"


class Mark(models.TextChoices):
    """The stored action of a reviewer's mark."""

    REVIEWED = "mark_reviewed", "Reviewed"
    FLAGGED = "mark_flagged", "Flagged"

    @property
    def state(self) -> ReviewState:
        """How an entry stands whose last mark is this one."""
        return ReviewState[self.name]

    @classmethod
    def for_state(cls, state: str) -> "Mark":
        """The mark that puts an entry in that state. Raises KeyError for "pending"."""
        return cls[ReviewState(state).name]
