from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pingadmin.audit"
    label = "audit"

    def ready(self):
        from pingadmin.audit import gate
        from pingadmin.web import health

        health.CHECKS.append(gate.fault_line)
