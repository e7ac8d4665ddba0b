"""`{% load team_text %}`: how the names and the texts of the team are shown."""

from django import template

register = template.Library()


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
    """`Ben and Cleo are viewing this too`, with at most three names."""
    if len(names) == 1:
        return f"{names[0]} is viewing this too"
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} others"]
    return f"{', '.join(shown[:-1])} and {shown[-1]} are viewing this too"
