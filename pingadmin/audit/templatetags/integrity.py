"""`{% load integrity %}`: the line at the top of the audit log."""

from django import template

from pingadmin.audit.integrity import status

register = template.Library()


@register.inclusion_tag("audit/_integrity_line.html", takes_context=True)
def integrity_line(context) -> dict:
    return {"standing": status.now(), "csrf_token": context.get("csrf_token")}
