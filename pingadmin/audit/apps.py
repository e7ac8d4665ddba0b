from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "pingadmin.audit"
    label = "audit"

    def ready(self) -> None:
        from pingadmin.audit import actions, own_actions
        from pingadmin.audit.record import database_file, readiness
        from pingadmin.web import probes

        actions.register(*own_actions.ACTIONS)
        database_file.remember_opened_files()
        probes.READINESS_CHECKS.append(readiness.find_faults)
        post_migrate.connect(_create_missing_triggers, sender=self)


def _create_missing_triggers(**kwargs: Any) -> None:
    from pingadmin.audit.record import guards

    guards.create_missing()
