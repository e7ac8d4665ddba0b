from django.apps import AppConfig


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
