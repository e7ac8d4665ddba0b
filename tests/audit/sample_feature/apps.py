"""A feature that the audit log has never heard of; test_actions.py starts it."""

from django.apps import AppConfig

from pingadmin.audit.actions import ActionResult, AuditAction, BatchLink, register, sentence
from pingadmin.audit.models import AuditEvent


def print_address(event: AuditEvent) -> str:
    return f"/prints/{event.session_id}/"


def print_batch(event: AuditEvent) -> BatchLink:
    return BatchLink(f"run {event.batch}", f"/runs/{event.batch}/", permission="audit.export")


class SampleFeatureConfig(AppConfig):
    name = "tests.audit.sample_feature"

    def ready(self) -> None:
        register(
            AuditAction(
                "print_badge",
                "Badge printed",
                results=(
                    ActionResult("printed", "ok", "Printed", "ok"),
                    ActionResult("jammed", "rejected", "Paper jam", "failed"),
                ),
                needs_review=True,
                object_name=lambda event: event.client,
                address=print_address,
                batch_link=print_batch,
                sentence=sentence("printed the badge of {object} at once"),
            ),
            field_labels={"tray": "Paper tray"},
        )
