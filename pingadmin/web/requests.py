"""The request as views receive it: Django's own, with what the middleware adds."""

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class PanelRequest(HttpRequest):
    """A request of somebody who is signed in. For annotations alone; nothing makes one."""

    # The base class allows for a visitor too; views of the panel never see one.
    user: AbstractUser  # type: ignore[assignment]
    htmx: HtmxDetails
    request_id: str
    # A time.monotonic() moment.
    began_at: float
