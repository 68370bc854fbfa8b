"""Ending what is signed in: sessions, and with them the cookies that name them."""

from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction

from accounts.models import User


def end_all(user: User) -> int:
    """Signs a user out everywhere, known session or not. Returns how many known ones ended."""
    with transaction.atomic():
        # A new unusable password changes the session hash, which every session is checked against.
        user.set_unusable_password()
        user.save(update_fields=["password"])
        return drop(user.pk)


def drop(user_id: int) -> int:
    """Deletes a user's sessions. They are found through UserSession: a session names no one."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    mine = UserSession.objects.filter(user_id=user_id)
    for key in mine.values_list("session_key", flat=True):
        store(session_key=key).delete()
    return mine.delete()[0]
