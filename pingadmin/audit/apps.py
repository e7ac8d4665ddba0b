from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pingadmin.audit"
    label = "audit"

    def ready(self) -> None:
        from pingadmin.audit import actions, own_actions
        from pingadmin.audit.record import database_file, restore_guard
        from pingadmin.web import probes

        actions.register(*own_actions.ACTIONS)
        database_file.remember_opened_files()
        probes.READINESS_CHECKS += [database_file.health_problem, restore_guard.health_problem]
