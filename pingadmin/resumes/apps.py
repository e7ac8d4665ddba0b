from django.apps import AppConfig


class ResumesConfig(AppConfig):
    name = "pingadmin.resumes"
    label = "resumes"

    def ready(self) -> None:
        from pingadmin.audit import actions
        from pingadmin.resumes import audit_actions, readiness
        from pingadmin.web import probes

        actions.register(*audit_actions.ACTIONS, field_labels=audit_actions.FIELD_LABELS)
        probes.READINESS_CHECKS.append(readiness.find_faults)
