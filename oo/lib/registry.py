"""One registry for every kind of plug-in: a settings list of dotted paths, checked at the door."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

Plugin = TypeVar("Plugin")


class Registry(Generic[Plugin]):
    """The plug-ins named by `setting`, each an instance of `base` with a unique `id`.

    Loaded at first use and kept. Raises ImproperlyConfigured naming the dotted path at fault.
    """

    def __init__(self, setting: str, base: type[Plugin]) -> None:
        self._setting = setting
        self._base = base
        self._loaded: dict[str, Plugin] | None = None

    def _plugins(self) -> dict[str, Plugin]:
        if self._loaded is None:
            self._loaded = self._load(getattr(settings, self._setting))
        return self._loaded

    def _load(self, paths: list[str]) -> dict[str, Plugin]:
        found: dict[str, Plugin] = {}
        for path in paths:
            try:
                cls = import_string(path)
            except ImportError as error:
                raise ImproperlyConfigured(
                    f"{self._setting} names {path}, which can't be imported: {error}"
                ) from error
            if not (isinstance(cls, type) and issubclass(cls, self._base)):
                raise ImproperlyConfigured(
                    f"{self._setting} names {path}, which is not a {self._base.__name__}."
                )
            plugin = cls()
            plugin_id = getattr(plugin, "id", "")
            if not plugin_id or plugin_id in found:
                raise ImproperlyConfigured(
                    f"{self._setting} names {path}: its id {plugin_id!r} is missing or taken."
                )
            found[plugin_id] = plugin
        return found

    def get(self, plugin_id: str) -> Plugin:
        """The plug-in with this id. Raises KeyError."""
        return self._plugins()[plugin_id]

    def ids(self) -> list[str]:
        return list(self._plugins())

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self._plugins().values())

    def __contains__(self, plugin_id: object) -> bool:
        return plugin_id in self._plugins()

    def __len__(self) -> int:
        return len(self._plugins())

    @contextmanager
    def replaced_by(self, *paths: str) -> Iterator[None]:
        """For tests: the registry holds these plug-ins, and only these, inside the block."""
        before, self._loaded = self._loaded, self._load(list(paths))
        try:
            yield
        finally:
            self._loaded = before
