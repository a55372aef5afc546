"""Deleting by age, in the admin: a button above the list, one question, and so many rows are gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

if TYPE_CHECKING:  # Django's own classes take no parameters when they run
    Rows = admin.ModelAdmin[Any]
else:
    Rows = admin.ModelAdmin


class DeletedByAge(Rows):
    """`goes_with_them` says what is deleted with the rows, or kept all the same."""

    change_list_template = "admin/aged_list.html"
    goes_with_them: ClassVar[str] = ""

    def delete_before(self, before: datetime) -> int:
        """Deletes what is older, some at a time so that nobody waits for a lock; says how many."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.delete_older)
        return [path("delete-older/", view, name=f"{self._own}_delete_older"), *super().get_urls()]

    def delete_older(self, request: HttpRequest) -> HttpResponse:
        """The question, and what was done."""
        what = str(self.opts.verbose_name_plural)
        if not self.has_delete_permission(request):
            return HttpResponse(f"Only who may delete {what} may clear them out.", status=403)
        form = OlderForm(request.POST or None)
        form.fields["days"].label = f"Delete {what} older than (days)"
        if request.method == "POST" and form.is_valid():
            deleted = self.delete_before(timezone.now() - timedelta(days=form.cleaned_data["days"]))
            self.message_user(request, f"{deleted:,} {what} were deleted.")
            return HttpResponseRedirect(reverse(f"admin:{self._own}_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "title": f"Delete {what} by age",
            "goes_with_them": self.goes_with_them,
            "opts": self.opts,
        }
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/delete_older.html", context, status=status)

    @property
    def _own(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"


class OlderForm(forms.Form):
    days = forms.IntegerField(
        min_value=0,
        max_value=36_500,
        initial=30,
        error_messages={"invalid": "Write a whole number of days, such as 30."},
    )
