"""The composition root: what answers a request and a socket, and who is let in first."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")
pages = get_asgi_application()  # sets Django up: what is imported below may ask for models and settings

from django.conf import settings  # noqa: E402

from sagasim.local import only_this_machine  # noqa: E402

application = only_this_machine(pages) if settings.LOCAL else pages
