"""The product's settings, with one more address: the baseline view."""

from oo.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
