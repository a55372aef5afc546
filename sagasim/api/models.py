"""Tokens: how a program says in server mode on whose behalf it asks. Only their digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PREFIX = "sagasim_"


class ApiToken(models.Model):
    """One token of one person. It can be taken back; it can never be read again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="What it is for, such as the name of a build.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "token"

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


def digest_of(token: str) -> str:
    """A token has 256 random bits: nobody can guess it, so that a plain hash is enough to keep."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(user: User, name: str) -> str:
    """A new token in clear: the only time that it is told."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=digest_of(token), made_at=timezone.now())
    return token
