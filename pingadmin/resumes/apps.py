from django.apps import AppConfig


class ResumesConfig(AppConfig):
    name = "pingadmin.resumes"
    label = "resumes"

    def ready(self) -> None:
        from pingadmin.audit import actions
        from pingadmin.resumes import audit_actions

        actions.register(*audit_actions.ACTIONS, field_labels=audit_actions.FIELD_LABELS)
