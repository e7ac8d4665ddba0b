"""The answer when a person asks more often than allowed: 429, with the seconds until it is possible again."""

from functools import wraps

from django.shortcuts import render

from pingadmin.remote_sessions.limits import LimitReached


def answers_too_many(view):
    """Let a view raise LimitReached."""

    @wraps(view)
    def limited(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except LimitReached as reached:
            response = render(request, "429.html", {"reached": reached}, status=429)
            response["Retry-After"] = str(reached.retry_after)
            return response

    return limited
