"""The calendar of the file, published behind an address."""

from tests.integrations.samples.ical import FILE, TITLES

__all__ = ["FILE", "TITLES"]
