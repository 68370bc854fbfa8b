from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "oo.events"
    label = "events"

    def ready(self) -> None:
        from oo.events import checks, health  # noqa: F401
