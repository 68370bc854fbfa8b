from django.apps import AppConfig


class AdminConsoleConfig(AppConfig):
    name = "adminconsole"

    def ready(self) -> None:
        from adminconsole import health, personal_data  # noqa: F401
