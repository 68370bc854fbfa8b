"""The product's production settings, over http on this machine, where there is no certificate."""

from oo.settings import *  # noqa: F403

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
