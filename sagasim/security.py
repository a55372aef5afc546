"""What a page of ours may load and run, and who may ask for one in server mode.

A page runs what is of its own origin, and inline only what carries this response's nonce. Django 6 has that
built in, under the names used here, so that moving there deletes it from this file.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.deprecation import MiddlewareMixin

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'{nonce}",
    "style-src": "'self'{nonce}",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

SIGN_IN = "You are signed out; sign in again in another tab, and go on here."


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Gives every request a nonce and every response the policy that names it."""

    def process_request(self, request: HttpRequest) -> None:
        request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]  # Django's own way to extend a request

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        nonce = getattr(request, "csp_nonce", None)  # a static file has none
        response.headers.setdefault("Content-Security-Policy", policy(nonce))
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def policy(nonce: str | None) -> str:
    allowed = f" 'nonce-{nonce}'" if nonce else ""
    return "; ".join(f"{directive} {sources.format(nonce=allowed)}" for directive, sources in POLICY.items())


class SignInFirst(LoginRequiredMiddleware):
    """Server mode: no page without an account. The API asks for a token itself, and knows no login page."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if request.resolver_match is not None and request.resolver_match.namespaces[:1] == ["api"]:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]  # Django promises a redirect: it knows nothing else
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """A script is told; to follow it to a login page would say nothing to it."""
        if request.content_type == "application/json":
            return JsonResponse({"detail": SIGN_IN}, status=401)
        return super().handle_no_permission(request, view_func)


def csp(request: HttpRequest) -> dict[str, str]:
    """Context processor: `{{ csp_nonce }}` for the few inline scripts that there are."""
    return {"csp_nonce": request.csp_nonce}  # type: ignore[attr-defined]
