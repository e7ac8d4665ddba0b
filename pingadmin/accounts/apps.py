from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "pingadmin.accounts"
    label = "accounts"

    def ready(self) -> None:
        from pingadmin.accounts import audit_actions, audit_events, preparing, readiness, used_codes
        from pingadmin.audit import actions
        from pingadmin.web import probes

        actions.register(*audit_actions.ACTIONS)

        post_migrate.connect(_sync_roles, sender=self)
        audit_events.connect_signals()
        probes.READINESS_CHECKS += [readiness.find_faults, preparing.find_faults]
        used_codes.refuse_for_their_whole_life()


def _sync_roles(**kwargs: Any) -> None:
    # A release that changes the table needs no second step, and a fresh database has its roles.
    from pingadmin.accounts.syncing import sync_roles

    sync_roles()
