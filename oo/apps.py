from django.apps import AppConfig


class Roof(AppConfig):
    """The wiring as an app: its commands, pages and static files, and the Celery application."""

    name = "oo"
    label = "roof"

    def ready(self) -> None:
        import oo.celery  # noqa: F401  (so that jobs woken from any process find their broker)
