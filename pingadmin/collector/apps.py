from django.apps import AppConfig


class CollectorConfig(AppConfig):
    name = "pingadmin.collector"
    label = "collector"

    def ready(self) -> None:
        from pingadmin.collector import alarm_notice
        from pingadmin.web import notices

        notices.register(alarm_notice.notices)
