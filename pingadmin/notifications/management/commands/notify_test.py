"""Sends a test message to the team's webhook and says what came of it."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pingadmin.http.errors import RequestError
from pingadmin.http.post import post_json
from pingadmin.notifications.wording import text_of_test


class Command(BaseCommand):
    help = "Send a test message to the webhook of NOTIFY_URL."

    def handle(self, **options: Any) -> None:
        if not settings.NOTIFY_URL:
            raise CommandError(
                "NOTIFY_URL is not set. Set it, or NOTIFY_URL_FILE to a file that holds it."
            )
        try:
            body = json.dumps({"text": text_of_test()}).encode()
            status = post_json(settings.NOTIFY_URL, body)
        except RequestError as error:
            answer = f" (status {error.status})" if error.status else ""
            raise CommandError(
                f"The webhook {error.sentence}{answer}. Nothing else was tried."
            ) from None
        self.stdout.write(f"The webhook took the message (status {status}).")
