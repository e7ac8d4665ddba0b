"""What every page's frame needs beside its own content."""

from django.conf import settings


def frame(request) -> dict:
    return {"no_upstream": not settings.UPSTREAMS}
