"""What the team wants to remember about a client: plain text, added and never changed."""

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import ClientNote
from pingadmin.oversight.team.activity import entry_token


def write_note(
    *, alias: str, client_name: str, text: str, by: Actor, form_id: uuid.UUID | None = None
) -> None:
    """Add a note of at most 2,000 characters. The same form sent twice adds one."""
    token = entry_token(form_id, alias, client_name, by.id, text)
    notes = ClientNote.objects.filter(token=token)
    if token and notes.exists():
        return
    try:
        with transaction.atomic():
            ClientNote.objects.create(
                alias=alias,
                client_name=client_name,
                at=timezone.now(),
                by_id=by.id,
                by_name=by.name,
                text=text,
                token=token,
            )
    except IntegrityError:
        # Of two at once, the other one was written first.
        if not (token and notes.exists()):
            raise
