"""Every setting, in one flat file. Values come from the environment; secrets also as ``NAME_FILE``.

Wrong values are collected and reported together at start, each with the variable's name.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent
_problems: list[str] = []


def env(name: str, default: str | None = None) -> str:
    """The variable's value, or the contents of the file that ``NAME_FILE`` names."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            _problems.append(f"{name}_FILE cannot be read: {error.strerror}: {path}")
    value = os.environ.get(name, default)
    if value is None:
        _problems.append(f"{name} is not set")
    return value or ""


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        _problems.append(f"{name} must be 1 or 0, not {value!r}")
    return value in {"1", "true", "yes"}


def env_number(name: str, default: float, low: float, high: float) -> float:
    value = os.environ.get(name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        _problems.append(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def parse_database(url: str) -> dict[str, object]:
    """A libpq URL or connection string as Django wants it. Raises psycopg.ProgrammingError."""
    parts = conninfo_to_dict(url)
    named = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    found = {ours: str(parts.pop(theirs, "")) for theirs, ours in named.items()}
    pool = {"min_size": 1, "max_size": int(env_number("DATABASE_POOL", 16, 1, 200))}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **found,
        # Statements that ask for it are prepared (services.scheduling): Django allows none at all.
        "OPTIONS": {**parts, "pool": pool, "prepare_threshold": 5},
    }


def env_database(name: str) -> dict[str, object]:
    try:
        return parse_database(env(name))
    except ProgrammingError as error:
        _problems.append(f"{name} is not a PostgreSQL URL: {error}")
        return {}


def env_mail(name: str) -> dict[str, object]:
    """Where mail goes, from ``smtp[s]://user:password@host:port``; nowhere without a URL."""
    url = urlsplit(env(name, ""))
    if url.scheme not in {"", "smtp", "smtps"} or (url.scheme and not url.hostname):
        _problems.append(f"{name} must be smtp://user:password@host:port, or smtps://")
    backend = "smtp" if url.hostname else "dummy"
    return {
        "EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend",
        "EMAIL_HOST": url.hostname or "",
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp" and bool(url.username),
    }


def env_oidc() -> dict[str, str] | None:
    """The provider of single sign-on, or None: OIDC_URL, its issuer, and who we are to it."""
    url, client = env("OIDC_URL", ""), env("OIDC_CLIENT_ID", "")
    if bool(url) != bool(client):
        _problems.append("OIDC_URL and OIDC_CLIENT_ID go together")
    if not url:
        return None
    return {
        "url": url,
        "client_id": client,
        "secret": env("OIDC_CLIENT_SECRET", ""),
        "name": env("OIDC_NAME", "Single sign-on"),
    }


# The frame --------------------------------------------------------------------------------------

SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
DEBUG = env_bool("DEBUG", False)
DEMONSTRATION = env_bool("DEMONSTRATION", False)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "magistral_audit.urls"
ASGI_APPLICATION = "magistral_audit.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "reasoning.User"
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:sign-in"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "reasoning",
]
OIDC = env_oidc()
if OIDC:  # its imports cost every command a twentieth of a second
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reasoning.web.language.SpeakTheirLanguage",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "reasoning.web.idle.EndIdleSessions",
    "reasoning.web.middleware.RenderAuditErrors",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "reasoning.web.context_processors.frame",
            ],
        },
    },
]

# Mail, if there is any ---------------------------------------------------------------------------

globals().update(env_mail("EMAIL_URL"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("EMAIL_FROM", "magistral-audit@localhost")

# Storage ----------------------------------------------------------------------------------------

DATABASES = {"default": env_database("DATABASE_URL")}
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0")

# Language and time ------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("ar", _("Arabic")),
    ("ja", _("Japanese")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "magistral_audit.formats"

# Sign-in and browsers ---------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "reasoning.web.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# In a demonstration one person plays all parts, and signs in as the next from any page.
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = not DEMONSTRATION
ACCOUNT_USER_DISPLAY = "reasoning.web.adapters.display"
# Ours (services.limits, services.credentials) hold for signing too.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "reasoning.web.adapters.Factors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Magistral Audit"
SOCIALACCOUNT_ADAPTER = "reasoning.web.adapters.SingleSignOn"
# A link, not a form: the policy on content lets forms lead to this site only.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC["name"],
                "client_id": OIDC["client_id"],
                "secret": OIDC["secret"],
                "settings": {"server_url": OIDC["url"]},
            }
        ]
        if OIDC
        else [],
    }
}
# Whom a provider vouches for by a verified address signs in as whoever has that address here.
OIDC_MATCH_EMAIL = env_bool("OIDC_MATCH_EMAIL", True)

# Minutes without a request after which a session ends, and hours after which it does in any case.
IDLE_MINUTES = env_number("IDLE_MINUTES", 15, 0.01, 1440)
# Minutes after which a lock ends by itself; 0: an administrator ends it.
LOCK_MINUTES = env_number("LOCK_MINUTES", 0, 0, 100_000)
INVITATION_HOURS = env_number("INVITATION_HOURS", 72, 0.1, 1000)
# How often a minute: signing in from one address, the API from one address and by one person.
SIGN_IN_RATE = int(env_number("SIGN_IN_RATE", 30, 0, 1_000_000))
API_ADDRESS_RATE = int(env_number("API_ADDRESS_RATE", 12_000, 0, 1_000_000))
API_RATE = int(env_number("API_RATE", 6_000, 0, 1_000_000))
# How many proxies in front are ours: each adds an address to X-Forwarded-For.
TRUSTED_PROXIES = int(env_number("TRUSTED_PROXIES", 0, 0, 10))

BEHIND_TLS = env_bool("BEHIND_TLS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_AGE = int(env_number("SESSION_HOURS", 10, 0.1, 24) * 3600)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env("STATIC_ROOT", str(BASE_DIR / ".run" / "static"))
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_ROOT = None

# The largest request body: a question of 40,960 tokens in any script fits.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# The API ----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "reasoning.api.authentication.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "reasoning.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Magistral Audit",
    "DESCRIPTION": "Ask, watch, read the evidence. Signing is for people, in the web portal.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "QuestionStatus": "reasoning.models.QuestionStatus",
        "RunStatus": "reasoning.models.RunStatus",
        "RegistryState": "reasoning.api.shapes.registry.STATES",
        "LogState": "reasoning.api.shapes.trace.LOG_STATES",
    },
}

# Workers ----------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Postgres holds the leases, so the broker must never hand a long task out a second time.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 86_400}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False

LEASE_SECONDS = env_number("LEASE_SECONDS", 10, 1, 600)
HEARTBEAT_SECONDS = env_number("HEARTBEAT_SECONDS", 1, 0.1, 60)
REAPER_SECONDS = env_number("REAPER_SECONDS", 1, 0.1, 60)
MAX_ATTEMPTS = int(env_number("MAX_ATTEMPTS", 4, 1, 20))
# For one answer, and for a run with all its waiting and attempts.
ANSWER_SECONDS = env_number("ANSWER_SECONDS", 3600, 1, 86_400)
RUN_DEADLINE_SECONDS = env_number("RUN_DEADLINE_SECONDS", 86_400, 1, 30 * 86_400)
# How many runs of one workspace, and streams of one deployment, are in flight at once where nothing
# else is set for it; 0: any number.
RUNS_PER_WORKSPACE = int(env_number("RUNS_PER_WORKSPACE", 256, 0, 1_000_000))
STREAMS_PER_DEPLOYMENT = int(env_number("STREAMS_PER_DEPLOYMENT", 512, 0, 1_000_000))
# How long a run may wait before the page of the service's health says so.
QUEUE_ALARM_SECONDS = env_number("QUEUE_ALARM_SECONDS", 900, 1, 30 * 86_400)
# Whoever scrapes /metrics must bring it; without one there is no such page.
METRICS_TOKEN = env("METRICS_TOKEN", "")
ENGINE_SILENCE_SECONDS = env_number("ENGINE_SILENCE_SECONDS", 600, 1, 3600)
# How old the look at an engine may be on which its deployment is approved, and how often a worker
# asks an engine whether it still is the approved one.
PROBE_HOURS = env_number("PROBE_HOURS", 24, 0.1, 720)
IDENTITY_SECONDS = env_number("IDENTITY_SECONDS", 60, 0, 3600)
# Where the tokenizers named by deployments lie: one <sha256>.json each.
TOKENIZER_DIR = env("TOKENIZER_DIR", str(BASE_DIR / ".run" / "tokenizers"))
# Where bundles lie until they are taken away; web server and workers share it.
EXPORT_DIR = Path(env("EXPORT_DIR", str(BASE_DIR / ".run" / "exports")))
REVIEW_CLAIM_MINUTES = env_number("REVIEW_CLAIM_MINUTES", 30, 1, 600)

# The log ----------------------------------------------------------------------------------------

# The log's name, which its key bears too; changing it begins another log (manage.py log_key).
LOG_ORIGIN = env("LOG_ORIGIN", "magistral-audit.local/log")
# Where the signer's key and record lie. Only `manage.py sequence` reads them: keep them from the
# web server's and the workers' user.
LOG_DIR = Path(env("LOG_DIR", str(BASE_DIR / ".run" / "log")))
# The secret key in its written form; empty: the one in LOG_DIR, made at the first start.
LOG_KEY = env("LOG_KEY", "")
SIGNER_STATE = Path(env("SIGNER_STATE", str(LOG_DIR / "signed")))
SEQUENCER_ALARM_SECONDS = env_number("SEQUENCER_ALARM_SECONDS", 30, 1, 86_400)
# Each witness: its verifier key, a space, and its URL. How many must cosign (default: all).
LOG_WITNESSES = env_list("LOG_WITNESSES")
LOG_WITNESS_QUORUM = int(env_number("LOG_WITNESS_QUORUM", len(LOG_WITNESSES), 0, 100))
# An RFC 3161 time-stamping authority, how often it is asked, and the certificates (PEM) to trust.
LOG_TSA_URL = env("LOG_TSA_URL", "")
LOG_TSA_SECONDS = env_number("LOG_TSA_SECONDS", 3600, 1, 86_400)
LOG_TSA_ROOTS = env("LOG_TSA_ROOTS", "")

# Logs: to standard error, never with texts of questions or traces ---------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "magistral_audit.logs.QuietFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
}

if _problems:
    raise ImproperlyConfigured("Settings: " + "; ".join(_problems) + ".")
