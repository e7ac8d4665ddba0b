from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pingadmin.audit"
    label = "audit"

    def ready(self):
        from pingadmin.audit import database_file, gate
        from pingadmin.web import health

        database_file.watch()
        health.CHECKS += [database_file.fault_line, gate.fault_line]
