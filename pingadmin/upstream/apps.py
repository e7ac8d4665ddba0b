from django.apps import AppConfig


class UpstreamConfig(AppConfig):
    name = "pingadmin.upstream"
    label = "upstream"

    def ready(self) -> None:
        from pingadmin.upstream import checks  # noqa: F401 - importing registers them
