import uuid
from contextlib import suppress

from django import template

from pingadmin.resumes.models import BulkResume

register = template.Library()


@register.inclusion_tag("resumes/_bulk_of_story.html", takes_context=True)
def bulk_resume_of(context, batch: str):
    """The bulk resume that a story of the audit log belongs to; the bare id where no such one is
    known.
    """
    bulk = None
    with suppress(ValueError):
        bulk = BulkResume.objects.filter(pk=uuid.UUID(batch)).first()
    return {
        "batch": batch,
        "bulk": bulk,
        "count": bulk and bulk.items.count(),
        "perms": context.get("perms"),
    }
