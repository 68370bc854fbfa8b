from django.apps import AppConfig


class RecommenderConfig(AppConfig):
    name = "recommender"

    def ready(self) -> None:
        from recommender import (  # noqa: F401
            checks,
            handlers,
            health,
            personal_data,
            preference_keys,
        )
