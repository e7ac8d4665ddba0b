"""The ways through a bulk resume that its tests share: choose, read the preview, start with what it holds."""

import html
import re

from pingadmin.demo import cast

THREE = [cast.PING_PAUSED, cast.PING_PAUSED_TOO, cast.PING_PAUSED_MARKUP]
WHY = {"reason": "Customer approved", "ticket": "INC-4412"}


def names(ids, alias="ping") -> list[str]:
    return [f"{alias}/{session_id}" for session_id in ids]


def fields(page: str) -> dict[str, list[str]]:
    """What the preview's form would send as it stands."""
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page[page.index('id="bulk-form"') :]):
        found = {key: html.unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        is_off = found.get("type") == "checkbox" and not re.search(r"\bchecked\b", tag)
        if (
            not is_off
            and "name" in found
            and found["name"] not in ("csrfmiddlewaretoken", "ticket")
        ):
            sent.setdefault(found["name"], []).append(found.get("value", ""))
    return sent


def outcomes(page: str) -> list[str]:
    """The word of each item, in order."""
    return re.findall(r'data-label="Outcome"><span class="tag tag-\w+">([^<]+)<', page)
