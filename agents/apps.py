from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        from agents import checks, handlers, personal_data, preference_keys  # noqa: F401
        from agents.llm import checks as llm_checks  # noqa: F401
        from agents.llm import health  # noqa: F401
