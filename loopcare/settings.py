"""One file of settings, in sections. Everything that differs between installations is read from the environment by a
typed reader below; an unknown or malformed value raises at start, never later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent


# --- readers ---------------------------------------------------------------------------------------------------------
def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_flag(name: str, *, default: bool) -> bool:
    value = env_text(name, "1" if default else "0").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def env_list(name: str, default: str) -> list[str]:
    return [part.strip() for part in env_text(name, default).split(",") if part.strip()]


def env_number(name: str, default: int, *, least: int) -> int:
    text = env_text(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {text!r}.")
    return int(text)


def env_database(name: str) -> dict[str, Any]:
    """A PostgreSQL connection from a libpq URL such as postgresql://user:secret@host:5432/name."""
    url = env_text(name) or "postgresql:///loopcare"
    try:
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise ImproperlyConfigured(f"{name} is not a PostgreSQL URL: {error}") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "loopcare"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A lock wait must end: a migration behind a long transaction would otherwise stop every reader behind it.
        "OPTIONS": {"connect_timeout": 5, "options": "-c lock_timeout=5s -c timezone=UTC", **parts},
        "TEST": {"NAME": env_text("LOOPCARE_TEST_DATABASE") or None},
    }


def env_redis() -> tuple[str, str]:
    """(Celery broker URL, Django cache URL) from REDIS_URL; a socket is written redis+socket:///path."""
    url = env_text("REDIS_URL", "redis://127.0.0.1:6379/0")
    scheme, rest = url.split("://", 1) if "://" in url else ("", url)
    if scheme == "redis+socket":
        return url, f"unix://{rest}?db=1"
    if scheme in ("redis", "rediss"):
        return url, url.rsplit("/", 1)[0] + "/1" if urlsplit(url).path else url + "/1"
    raise ImproperlyConfigured(f"REDIS_URL must start with redis://, rediss:// or redis+socket://, not {url!r}.")


def env_mail() -> dict[str, Any]:
    """Django's mail settings from EMAIL_URL, e.g. smtp://user:secret@host:587?tls=1.

    Empty: messages wait in the outbox. null:// takes them and sends nothing, for loading a demo's past.
    """
    url = env_text("EMAIL_URL")
    parts = urlsplit(url)
    if not url or parts.scheme == "null":
        backend = "django.core.mail.backends.dummy.EmailBackend" if url else ""
        return {"backend": backend, "host": "", "port": 0, "user": "", "password": "", "tls": False}
    if parts.scheme != "smtp" or not parts.hostname:
        raise ImproperlyConfigured(f"EMAIL_URL must look like smtp://host:port, not {url!r}.")
    return {
        "backend": "django.core.mail.backends.smtp.EmailBackend",
        "host": parts.hostname,
        "port": parts.port or 25,
        "user": parts.username or "",
        "password": parts.password or "",
        "tls": parse_qs(parts.query).get("tls") == ["1"],
    }


# --- core ------------------------------------------------------------------------------------------------------------
DEBUG = env_flag("LOOPCARE_DEBUG", default=False)
SECRET_KEY = env_text("LOOPCARE_SECRET_KEY")  # Django refuses to sign anything while it is empty
ALLOWED_HOSTS = env_list("LOOPCARE_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("LOOPCARE_TRUSTED_ORIGINS", "")
PUBLIC_URL = env_text("LOOPCARE_PUBLIC_URL", f"http://127.0.0.1:{env_text('LOOPCARE_PORT', '8000')}").rstrip("/")
HOME = Path(env_text("LOOPCARE_HOME") or BASE_DIR / "var").resolve()

INSTALLED_APPS = [
    "loopcare.common",
    "loopcare.staff",
    "loopcare.customers",
    "loopcare.contact",
    "loopcare.embedded",
    "surveys",
    "careplans",
    "evaluation",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "loopcare.staff.middleware.ContentSecurity",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "loopcare.staff.middleware.Presence",
    "loopcare.staff.middleware.ClosedByDefault",
    "loopcare.common.problems.DomainErrors",
]

ROOT_URLCONF = "loopcare.urls"
WSGI_APPLICATION = "loopcare.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "loopcare" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "loopcare.staff.context.shell",
            ],
        },
    },
]

# --- data ------------------------------------------------------------------------------------------------------------
DATABASES = {"default": env_database("DATABASE_URL")}
REDIS_URL, CACHE_URL = env_redis()
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # a lost Redis must not sign anybody out

# Personal data: the first key encrypts, all of them decrypt (rotation); the index key makes blind look-up values.
FIELD_KEYS = env_list("LOOPCARE_FIELD_KEYS", "")
INDEX_KEY = env_text("LOOPCARE_INDEX_KEY")

# --- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "staff.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "staff:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "staff:sign_in"
SESSION_COOKIE_NAME = "loopcare_session"
SESSION_COOKIE_HTTPONLY = True
SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = False  # the proxy in front does it; health checks come in plain
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- words and time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = env_text("LOOPCARE_LANGUAGE", "en")
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "loopcare" / "locale"]
LANGUAGE_COOKIE_NAME = "loopcare_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env_text("LOOPCARE_TIME_ZONE", "Asia/Shanghai")  # how times are shown; stored in UTC
CURRENCY = env_text("LOOPCARE_CURRENCY", "¥")
PHONE_REGION = env_text("LOOPCARE_PHONE_REGION", "CN")  # how a number without a country code is read

# --- files and mail --------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "loopcare" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = HOME / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
_mail = env_mail()
EMAIL_BACKEND = _mail["backend"] or "django.core.mail.backends.dummy.EmailBackend"
EMAIL_CONFIGURED = bool(_mail["backend"])
EMAIL_HOST, EMAIL_PORT = _mail["host"], _mail["port"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["user"], _mail["password"]
EMAIL_USE_TLS = _mail["tls"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env_text("LOOPCARE_FROM_EMAIL", "care@loopcare.example")

# --- work ------------------------------------------------------------------------------------------------------------
# Redis is a doorbell: results are ignored, nothing waits there longer than a moment, and the rows know what is due.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker without a broker goes on sweeping
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2, "max_retries": 1}
CELERY_TASK_PUBLISH_RETRY = False  # a bell that does not ring at once is not worth a waiting page

# Rows of a file that land at once: enough for set-based statements to pay, few enough that nobody waits for a lock.
IMPORT_PART = env_number("LOOPCARE_IMPORT_PART", 200_000, least=1)

# The operator's own data. Files named on a page must lie in this folder; a command may name any.
WAREHOUSE_DIR = Path(env_text("LOOPCARE_WAREHOUSE_DIR") or HOME / "warehouse").resolve()
WAREHOUSE_THREADS = env_number("LOOPCARE_WAREHOUSE_THREADS", min(4, os.cpu_count() or 1), least=1)
WAREHOUSE_MEMORY_MB = env_number("LOOPCARE_WAREHOUSE_MEMORY_MB", 400, least=100)

# The bell can be switched off to prove that nothing depends on it.
BELL = env_flag("LOOPCARE_BELL", default=True)

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["loopcare.staff.api.permissions.RouteRoles"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "loopcare.common.pagination.Keyset",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "loopcare.common.problems.api_handler",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LoopCare",
    "DESCRIPTION": "Closed-loop case management for dissatisfied customers.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["loopcare.staff.api.permissions.RouteRoles"],
    "ENUM_NAME_OVERRIDES": {
        "PoolStatusEnum": "surveys.enums.PoolStatus",
        "EntryKindEnum": "surveys.enums.EntryKind",
        "CampaignStatusEnum": "careplans.enums.CampaignStatus",
        "CaseStatusEnum": "careplans.enums.CaseStatus",
        "OutcomeEnum": "careplans.enums.Outcome",
        "PointStatusEnum": "loopcare.customers.enums.PointStatus",
        "DueStatusEnum": "loopcare.common.due_rows.DueStatus",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- logs ------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env_text("LOOPCARE_LOG_LEVEL", "INFO")},
}
