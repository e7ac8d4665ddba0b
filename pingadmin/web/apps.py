from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "pingadmin.web"
    label = "web"

    def ready(self) -> None:
        from pingadmin.config import letter_case
        from pingadmin.web import checks  # noqa: F401 - importing registers them

        letter_case.install()
