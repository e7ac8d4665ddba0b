"""Does once what the collector does all the time: whatever is due after resumes and pauses."""

from typing import Any

from django.core.management.base import BaseCommand

from pingadmin.resumes.reconcile import reconcile_one


class Command(BaseCommand):
    help = "Record unrecorded outcomes, close lost attempts, and make the checks that are due."

    def handle(self, **options: Any) -> None:
        while reconcile_one():
            pass
