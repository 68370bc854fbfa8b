"""Who someone is, what they want and what they allow."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
from django.db import models
from django.db.models import Q


class UserQuerySet(models.QuerySet["User"]):
    def empty(self, now: datetime) -> int:
        """Makes empty shells of these people: nothing is left but that there was someone."""
        return self.update(
            email=None,
            password=make_password(None),
            role=User.Role.USER,
            time_zone="UTC",
            is_active=False,
            last_login=None,
            seen_at=None,
            joined_at=now,
            deleted_at=now,
        )


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, **fields: Any) -> "User":
        """A person known by e-mail, who can only come in through Google: there is no password."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. After deletion this row stays as an empty shell, so that ids are never given anew."""

    class Role(models.TextChoices):
        USER = "user"
        ADMIN = "admin"

    email = models.EmailField(unique=True, null=True)
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.USER)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)  # when they looked, to the day
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"

    def __str__(self) -> str:
        return self.email or f"deleted #{self.pk}"

    @property
    def is_staff(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def is_superuser(self) -> bool:
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_staff

    def has_perms(self, perms: list[str], obj: object = None) -> bool:
        return self.has_perm("")

    def has_module_perms(self, app_label: str) -> bool:
        return self.has_perm("")


class Preference(models.Model):
    """What a user wants: their own word and what was inferred, side by side; their word counts.

    Of an inferred one that was forgotten the row stays, without a value, until something is inferred
    from what came after `forgotten_at`.
    """

    class Source(models.TextChoices):
        USER = "user"
        INFERRED = "inferred"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences")
    key = models.CharField(max_length=60)
    source = models.CharField(max_length=8, choices=Source.choices)
    value = models.JSONField(null=True)
    confidence = models.FloatField(default=1.0)
    updated_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "user_preferences"
        constraints = [
            models.UniqueConstraint(fields=["user", "key", "source"], name="one_value_per_source"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="confidence_in_0_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.source})"


class Consent(models.Model):
    """That someone accepted a version of a document, when, and until when."""

    class Document(models.TextChoices):
        TERMS = "terms"
        PRIVACY = "privacy"
        HEALTH = "health"  # asked for by itself, where health data is handed over
        REMOTE_MODEL = "remote_model"  # a model in the cloud may write

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    document = models.CharField(max_length=16, choices=Document.choices)
    version = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "consents"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "document", "version"], name="one_consent_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.version}"


class UserContext(models.Model):
    """A situation the user named ("work", "home"), and when in their week it holds, by their clock.

    One that ends before it begins goes on into the next day; where both are the same, a whole day.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contexts")
    name = models.CharField(max_length=40)
    weekdays = models.JSONField()  # of mon to sun: the days on which it begins
    begins = models.TimeField()
    ends = models.TimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "user_contexts"
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="one_context_per_name")
        ]

    def __str__(self) -> str:
        return f"context #{self.pk}"


class ApiToken(models.Model):
    """A machine's short-lived token, kept as a hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "api_tokens"
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"token #{self.pk}"


class Erasure(models.Model):
    """The forgetting of one person: outlives them, resumes after a crash, and is their receipt.

    `progress` maps each holder's id to what it did: `{"let_go": iso time, "forgot": rows}`.
    Everything is gone at `finished_at`; at `checked_at` a second look found it so.
    """

    receipt = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user_id = models.BigIntegerField(unique=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "erasures"

    def __str__(self) -> str:
        return str(self.receipt)
