from django import template
from django.template import Context

from pingadmin.oversight.team.panel import SessionTeam, load_team, merge_entries
from pingadmin.remote_sessions.models import RemoteSession

register = template.Library()


@register.simple_tag(takes_context=True)
def team_of(context: Context, session: RemoteSession) -> SessionTeam:
    """The team at a session, for the signed-in person: the page's own where it has one."""
    return context.get("team") or load_team(session, context["request"].user)


@register.simple_tag
def with_team(moments: list, team: SessionTeam) -> list:
    """The moments of a timeline with the team's entries among them."""
    return merge_entries(moments, team)


@register.filter
def lines(text: str) -> list[str]:
    """Text split at line breaks and nowhere else: other separators stay, to be made visible."""
    return text.split("\n")


@register.filter
def one_line(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split("\n"))


@register.filter
def also_viewing(names: list[str]) -> str:
    """`Ben and Cleo are viewing this too`."""
    if len(names) == 1:
        return f"{names[0]} is viewing this too"
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} others"]
    return f"{', '.join(shown[:-1])} and {shown[-1]} are viewing this too"
