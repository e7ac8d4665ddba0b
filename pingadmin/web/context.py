"""What the frame of every page needs beside the page's own content."""

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, bool]:
    return {"no_upstream": not settings.UPSTREAMS}
