"""What every page's frame needs in addition to its own content."""

from django.conf import settings
from django.http import HttpRequest

from pingadmin.web import notices


def frame(request: HttpRequest) -> dict[str, object]:
    """The context of the frame. `notices` is read from the database only where a page shows it."""
    return {
        "no_upstream": not settings.UPSTREAMS,
        # Templates call it: a fragment and a visitor's page then cost no query.
        "notices": lambda: notices.current(request),
    }
