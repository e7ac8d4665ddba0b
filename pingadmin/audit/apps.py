from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "pingadmin.audit"
    label = "audit"
