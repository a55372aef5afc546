"""How sagasim is set up. Everything that differs between two installations comes from the environment.

There are two modes. *Local* is the default: one person on their own machine, no password, and therefore
nobody else is let in (local.py). *Server* is for everyone else, has no defaults for what must be secret,
and passes `manage.py check --deploy`.

    SAGASIM_MODE         local | server                                  local
    SAGASIM_SECRET_KEY   required in server mode, 50 characters or more
    SAGASIM_HOSTS        required in server mode: sagas.example.org,...
    SAGASIM_HSTS_SECONDS how long browsers insist on HTTPS                31536000 (a year)
    SAGASIM_METRICS_TOKEN  server mode: what Prometheus shows to read /metrics
    SAGASIM_BEHIND_PROXY 1: trust X-Forwarded-Proto, which your proxy must set
    SAGASIM_DATA         the folder with the database and collected files var/ beside manage.py
    SAGASIM_LOG          line | json: how the server's own log is written  line
    SAGASIM_WORKERS      how many long explorations may run at once        one processor less than there are
    SAGASIM_CURATOR      0: do not explore the gallery when nothing else is to be done
    SAGASIM_DEBUG        1: Django's error pages; local mode only
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent


def required(name: str, why: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"In server mode {name} must be set: {why}.")
    return value


MODE = os.environ.get("SAGASIM_MODE", "local")
if MODE not in {"local", "server"}:
    raise ImproperlyConfigured(f"SAGASIM_MODE is {MODE!r}; it can be 'local' or 'server'.")
LOCAL = MODE == "local"

DATA_DIR = Path(os.environ.get("SAGASIM_DATA", BASE_DIR / "var"))
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = LOCAL and os.environ.get("SAGASIM_DEBUG") == "1"

# ------------------------------------------------------------------ who may come in

LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"]

if LOCAL:
    SECRET_KEY = get_random_secret_key()  # nothing that is signed in local mode outlives the process
    ALLOWED_HOSTS = LOOPBACK_NAMES
else:
    SECRET_KEY = required("SAGASIM_SECRET_KEY", "it signs sessions and links, and nobody else may know it")
    hosts = required("SAGASIM_HOSTS", "the names under which people reach this server, with commas")
    ALLOWED_HOSTS = [host.strip() for host in hosts.split(",")]
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = int(os.environ.get("SAGASIM_HSTS_SECONDS", "31536000"))
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    if os.environ.get("SAGASIM_BEHIND_PROXY") == "1":
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether subdomains speak HTTPS is for the owner of the domain to say
    "security.W021",  # the same for preloading, which cannot be taken back
]

SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "sagasim.refusals.csrf_failure"
X_FRAME_OPTIONS = "DENY"

METRICS_TOKEN = os.environ.get("SAGASIM_METRICS_TOKEN", "")

# The step table of a saga of 200 steps, sent as a form, has some 1,600 fields; Django stops at 1,000.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000

# ------------------------------------------------------------------ what it is made of

INSTALLED_APPS = [
    "sagasim",
    "sagasim.composer",
    "sagasim.runs",
    "sagasim.explorer",
    "sagasim.api",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "servestatic",
    "template_partials",
]

MIDDLEWARE = [
    "sagasim.security.ContentSecurityPolicyMiddleware",  # first: what the others turn away is a page as well
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sagasim.local.SignInTheOwner" if LOCAL else "sagasim.security.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sagasim.refusals.SayWhatIsNotAllowed",
    "sagasim.composer.forwarding.LeadOn",
]

ROOT_URLCONF = "sagasim.urls"
ASGI_APPLICATION = "sagasim.asgi.application"

TEMPLATE_LOADERS: list[Any] = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
if not DEBUG:  # whoever changes a template sees it at the next request
    TEMPLATE_LOADERS = [("django.template.loaders.cached.Loader", TEMPLATE_LOADERS)]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", TEMPLATE_LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sagasim.security.csp",
            ],
        },
    },
]

# ------------------------------------------------------------------ what it remembers

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "sagasim.sqlite3",
        "OPTIONS": {
            # IMMEDIATE: a read that turns into a write would otherwise fail with "database is locked"
            # instead of waiting for its turn. WAL: readers never wait for the one writer.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Hints between viewers in one process; what must not be lost is in the database.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# ------------------------------------------------------------------ what works beside it

workers = os.environ.get("SAGASIM_WORKERS", str(max(1, (os.cpu_count() or 2) - 1)))
if not workers.isascii() or not workers.isdecimal() or not 1 <= int(workers) <= 256:
    raise ImproperlyConfigured(f"SAGASIM_WORKERS is {workers!r}; it can be a number from 1 to 256.")
WORKERS = int(workers)
CURATOR = os.environ.get("SAGASIM_CURATOR", "1") == "1"

# ------------------------------------------------------------------ what it serves

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"

# Local mode serves the files where they lie, so that there is no build step to forget (with SAGASIM_DEBUG it
# looks again at each request, for whoever is changing them); server mode serves
# what `manage.py collectstatic` named after its content, and browsers keep it for ever.
SERVESTATIC_USE_FINDERS = LOCAL
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False
if LOCAL:
    SERVESTATIC_MAX_AGE = 0
else:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
    }

# ------------------------------------------------------------------ the rest

# What is done and what goes wrong is said where the server was started, in both modes (logs.py).
LOG = os.environ.get("SAGASIM_LOG", "line")
if LOG not in {"line", "json"}:
    raise ImproperlyConfigured(f"SAGASIM_LOG is {LOG!r}; it can be 'line' or 'json'.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "sagasim.logs.KeyValueFormatter"},
        "json": {"()": "sagasim.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "level": "INFO"}, "sagasim": {"level": "INFO"}},
}

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
