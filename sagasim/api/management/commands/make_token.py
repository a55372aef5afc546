"""Makes a token for a program that asks the API in server mode, and tells it this once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sagasim.api.models import make_token


class Command(BaseCommand):
    help = "Make an API token for a user. It is shown once; the admin can take it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what it is for, such as the name of a build")

    def handle(self, *_: Any, username: str, name: str, **__: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}; make one with: manage.py createsuperuser")
        self.stdout.write(make_token(user, name))
