"""Everything that a session's page shows, for the page itself and for each fragment of it."""

from django.urls import reverse

from pingadmin.remote_sessions.display.card import card_for
from pingadmin.remote_sessions.history.timeline import timeline
from pingadmin.remote_sessions.models import RemoteSession

ANSWERS = 25


def page_context(session: RemoteSession) -> dict:
    """The template context of `_session.html`. The number of queries does not depend on the rows."""
    snapshots = list(session.snapshots.order_by("-first_at", "-id")[:ANSWERS]) if session.pk else []
    moments, moments_since = timeline(session, snapshots)
    others = RemoteSession.objects.filter(session_id=session.session_id).exclude(pk=session.pk)[:5]
    return {
        "session": session,
        "card": card_for(session),
        "address": reverse("remote_sessions:session", args=[session.alias, session.session_id]),
        "moments": moments,
        "moments_since": moments_since,
        "snapshots": snapshots,
        "others": [card_for(other) for other in others],
    }
