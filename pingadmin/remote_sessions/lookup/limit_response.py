"""The answer when a person asks more often than allowed: 429, with the seconds until it is possible again."""

from functools import wraps

from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.web import errors


def answers_limit_reached(view):
    """Let a view raise LimitReached."""

    @wraps(view)
    def limited(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except LimitReached as reached:
            sentence = f"{reached.limit.capitalize()} is the limit. Possible again in {reached.retry_after} s."
            response = errors.error_response(request, 429, sentence=sentence)
            response["Retry-After"] = str(reached.retry_after)
            return response

    return limited
