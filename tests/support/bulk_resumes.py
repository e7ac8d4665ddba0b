"""The steps of a bulk resume that its tests share: names, the preview's form, the outcomes."""

from pingadmin.demo import cast
from tests.support.html import parse

THREE = [cast.PING_PAUSED, cast.PING_PAUSED_TOO, cast.PING_PAUSED_MARKUP]
WHY = {"reason": "Customer approved", "ticket": "INC-4412"}
TYPED_BY_HAND = {"csrfmiddlewaretoken", "reason", "ticket"}


def names(ids, alias="ping") -> list[str]:
    return [f"{alias}/{session_id}" for session_id in ids]


def form_fields(page: str) -> dict[str, list[str]]:
    """What the preview's form sends as it stands, without what a person types."""
    sent = parse(page).fields("#bulk-form")
    return {name: values for name, values in sent.items() if name not in TYPED_BY_HAND}


def outcomes(page: str) -> list[str]:
    """The label of each item, in order."""
    return parse(page).texts('[data-label="Outcome"] .tag')
