"""The response to a person who acts more often than allowed."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponseBase

from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.web import errors

P = ParamSpec("P")
Request = TypeVar("Request", bound=HttpRequest)


def answers_limit_reached(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[Request, P], HttpResponseBase]:
    """Lets a view raise LimitReached: the response is 429, and says when to try again."""

    @wraps(view)
    def limited(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except LimitReached as reached:
            limit = reached.limit.capitalize()
            sentence = f"{limit} is the limit. Try again in {reached.retry_after} s."
            response = errors.error_response(request, 429, sentence=sentence)
            response["Retry-After"] = str(reached.retry_after)
            return response

    return limited
