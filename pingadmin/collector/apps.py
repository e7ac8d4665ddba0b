from django.apps import AppConfig


class CollectorConfig(AppConfig):
    name = "pingadmin.collector"
    label = "collector"

    def ready(self) -> None:
        from pingadmin.collector import alarm_notice, health
        from pingadmin.resumes.scheduled import sender_status
        from pingadmin.web import notices

        notices.register(alarm_notice.notices)
        sender_status.register(health.is_collector_running)
