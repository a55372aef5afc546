"""The composition root: what answers a request and a socket, and who is let in first."""

from __future__ import annotations

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sagasim.settings")
pages = get_asgi_application()  # sets Django up: what is imported below may ask for models and settings

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from sagasim.explorer.consumers import exploration_socket, verdict_socket  # noqa: E402
from sagasim.local import as_the_owner, only_this_machine  # noqa: E402
from sagasim.runs.consumers import list_socket, no_socket, run_socket  # noqa: E402
from sagasim.staticfirst import static_first  # noqa: E402

sockets: Any = URLRouter(  # channels' types say less than ASGI does: what is wrapped here is one application
    [
        path("ws/runs/<uuid:run>/", cast("Any", run_socket)),
        path("ws/runs/", cast("Any", list_socket)),
        path("ws/explorations/<uuid:exploration>/", cast("Any", exploration_socket)),
        path("ws/verdict/", cast("Any", verdict_socket)),
        re_path(r"", cast("Any", no_socket)),
    ]
)
# In server mode whoever has a session has it from a page of ours: a socket that another site opens is not theirs.
guarded = as_the_owner if settings.LOCAL else lambda it: AllowedHostsOriginValidator(AuthMiddlewareStack(it))
application: Any = ProtocolTypeRouter({"http": static_first(pages), "websocket": guarded(sockets)})
if settings.LOCAL:
    application = only_this_machine(application)
