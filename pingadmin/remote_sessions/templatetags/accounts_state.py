from django import template

from pingadmin.remote_sessions.display import refused_keys

register = template.Library()


@register.inclusion_tag("remote_sessions/_refused_keys.html")
def refused_keys_notice():
    """A notice for each account that refuses our key."""
    return {"refused": refused_keys.refused_keys()}
