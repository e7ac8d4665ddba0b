from django.apps import AppConfig


class RemoteSessionsConfig(AppConfig):
    name = "pingadmin.remote_sessions"
    label = "remote_sessions"

    def ready(self) -> None:
        from django.urls import register_converter

        from pingadmin.audit import actions
        from pingadmin.remote_sessions import audit_actions
        from pingadmin.remote_sessions.converters import (
            AliasConverter,
            ClientNameConverter,
            SessionIdConverter,
        )
        from pingadmin.remote_sessions.display import refused_keys
        from pingadmin.web import notices

        # Here and not in a urls.py: the addresses of other packages use them too.
        register_converter(AliasConverter, "alias")
        register_converter(SessionIdConverter, "session_id")
        register_converter(ClientNameConverter, "client_name")
        notices.register(refused_keys.notices)
        actions.register(*audit_actions.ACTIONS, field_labels=audit_actions.FIELD_LABELS)
