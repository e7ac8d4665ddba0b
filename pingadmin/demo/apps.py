from django.apps import AppConfig
from django.conf import settings


class DemoConfig(AppConfig):
    name = "pingadmin.demo"
    label = "demo"

    def ready(self) -> None:
        if settings.DEMO:
            from pingadmin.demo.welcome import suggestions
            from pingadmin.web import notices

            notices.register(suggestions)
