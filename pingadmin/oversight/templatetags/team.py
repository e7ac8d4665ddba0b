from django import template

from pingadmin.oversight.team.panel import Team, team_at, with_entries

register = template.Library()


@register.simple_tag(takes_context=True)
def team_of(context, session) -> Team:
    """The team at a session, for the signed-in person: the page's own, where it has made one already."""
    return context.get("team") or team_at(session, context["request"].user)


@register.simple_tag
def with_team(moments, team) -> list:
    """The moments of a timeline with the team's among them."""
    return with_entries(moments, team)


@register.filter
def lines(text: str) -> list[str]:
    """Text at its line breaks and nowhere else: other separators stay, to be shown as what they are."""
    return text.split("\n")


@register.filter
def one_line(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split("\n"))


@register.filter
def look_too(names: list[str]) -> str:
    """`Ben and Cleo are looking too`."""
    if len(names) == 1:
        return f"{names[0]} is looking too"
    shown, rest = (names, 0) if len(names) <= 3 else (names[:2], len(names) - 2)
    last = f"{rest} others" if rest else shown[-1]
    return f"{', '.join(shown if rest else shown[:-1])} and {last} are looking too"
