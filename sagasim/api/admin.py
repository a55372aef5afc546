"""Tokens, to see whose there are and to take one back. They are made with `manage.py make_token`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from sagasim.api.models import ApiToken

if TYPE_CHECKING:  # Django's own class takes no parameter when it runs
    Tokens = admin.ModelAdmin[ApiToken]
else:
    Tokens = admin.ModelAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(Tokens):
    list_display = ("name", "user", "made_at")
    list_select_related = ("user",)
    fields = ("name", "user", "made_at")
    readonly_fields = fields

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False
