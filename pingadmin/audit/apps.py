from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pingadmin.audit"
    label = "audit"

    def ready(self):
        from pingadmin.audit.record import database_file, restore_guard
        from pingadmin.web import probes

        database_file.watch()
        probes.READINESS_CHECKS += [database_file.fault_line, restore_guard.fault_line]
