from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "pingadmin.oversight"
    label = "oversight"

    def ready(self) -> None:
        from pingadmin.audit import actions
        from pingadmin.oversight import audit_actions

        actions.register(*audit_actions.ACTIONS, field_labels=audit_actions.FIELD_LABELS)
