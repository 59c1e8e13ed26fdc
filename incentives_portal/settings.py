"""Settings, all of them from the environment (see `.env.example`).

In production every variable without a default must be set; a missing one is named with an example.
`DEMO=1`, `DEBUG=1` and `TESTING=1` fill the secrets with throw-away values that everybody can read here, and the portal starts
with them on loopback alone.
"""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from jinja2 import StrictUndefined

from incentives_portal.core import country_names, loopback

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists() and not env.bool("TESTING", default=False):
    env.read_env(BASE_DIR / ".env")

# Sign in as anybody with one click, read all mails, move the clock. Never in production: the portal starts with it on loopback
# alone.
DEMO = env.bool("DEMO", default=False)
# Django's own error pages, and throw-away secrets. Never in production: the portal starts with it on loopback alone.
DEBUG = env.bool("DEBUG", default=False)
# Set by the tests. Never in production: the portal starts with it on loopback alone.
TESTING = env.bool("TESTING", default=False)
THROW_AWAY = DEMO or DEBUG or TESTING


def required(name: str, *, example: str, throw_away: str) -> str:
    """A variable that production must set. Raises ImproperlyConfigured naming it and an example."""
    value: str = env.str(name, default=throw_away if THROW_AWAY else "")
    if not value:
        raise ImproperlyConfigured(f"Set {name} in the environment or in .env, for example {name}={example}")
    return value


# --- Who runs the portal -----------------------------------------------------------------------
# The company that runs the programs and pays, as pages and mails call it.
OPERATOR_NAME = env.str("OPERATOR_NAME", default="Northwind")
# What the portal calls itself: in mails, to passkeys and to authenticator apps.
PARTNER_CENTER_NAME = env.str("PARTNER_CENTER_NAME", default=f"{OPERATOR_NAME} Partner Center")
# Where the portal is reached: links in mails, single sign-on, SCIM and passkeys go by it.
PORTAL_URL = env.str("PORTAL_URL", default="http://127.0.0.1:8000").rstrip("/")
# Whom pages and mails tell to write to.
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="support@partner-center.example")

# --- Secrets -----------------------------------------------------------------------------------
# Signs sessions and links. Another one ends every session and every link that was sent.
SECRET_KEY = required("SECRET_KEY", example="$(openssl rand -base64 48)", throw_away="throw-away-" + "k" * 48)
# A file with one `id:base64` on each line (`#` begins a comment), the newest first, as container platforms hand secrets over; it
# takes the place of FIELD_KEYS. Nobody but owner and group may read it. Running processes read it again when it changes.
FIELD_KEYS_FILE = env.str("FIELD_KEYS_FILE", default="")
FIELD_KEYS = ""
if not FIELD_KEYS_FILE:
    demo_key = "demo:" + "RGVtb25zdHJhdGlvbiBrZXksIG5ldmVyIGluIHVzZSE="
    # A ring: `id:base64 of 32 bytes`, comma-separated; the first one encrypts, all of them decrypt.
    FIELD_KEYS = required("FIELD_KEYS", example="k1:$(openssl rand -base64 32)", throw_away=demo_key)
# A file that takes the place of BLIND_INDEX_KEY: the key on one line, and below it the one before it while it is being changed.
BLIND_INDEX_KEY_FILE = env.str("BLIND_INDEX_KEY_FILE", default="")
BLIND_INDEX_KEY = ""
if not BLIND_INDEX_KEY_FILE:
    demo_key = "RGVtb25zdHJhdGlvbiBpbmRleCwgbmV2ZXIgaW4gdXNl"
    # Finds equal numbers without decrypting them. While it is being changed: the new one, a comma, the one before it.
    BLIND_INDEX_KEY = required("BLIND_INDEX_KEY", example="$(openssl rand -base64 32)", throw_away=demo_key)

# --- Web ---------------------------------------------------------------------------------------
# The host names that the portal answers to, comma-separated.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
if THROW_AWAY and loopback.strangers(ALLOWED_HOSTS):
    # Refused here and not by a system check: web servers and workers run none.
    raise ImproperlyConfigured(
        f"{', '.join(name for name in ('DEMO', 'DEBUG', 'TESTING') if globals()[name])} is set, so that every secret is a public "
        f"one, and ALLOWED_HOSTS names {', '.join(loopback.strangers(ALLOWED_HOSTS))}. "
        "Unset it, or leave ALLOWED_HOSTS at 127.0.0.1, localhost and [::1]."
    )
# Origins whose forms are taken besides its own, such as https://portal.example, where the proxy passes another host name on.
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Redirect to HTTPS, HSTS and secure cookies. Off only behind something that is not the internet.
HTTPS = env.bool("HTTPS", default=not THROW_AWAY)
ROOT_URLCONF = "incentives_portal.urls"
WSGI_APPLICATION = "incentives_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "incentives_portal.apps.PortalConfig",
    "incentives_portal.core",
    "accounts",
    "profiles",
    "enrollment",
    *(["incentives_portal.demo"] if DEMO or TESTING else []),
    "accounts.admin_config.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_countries",
    "django_cotton",
    "django_filters",
    "django_htmx",
    "csp",
]
MIDDLEWARE = [
    "incentives_portal.core.metrics.MetricsMiddleware",
    "incentives_portal.core.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "incentives_portal.core.storable.RefuseNulMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ActorMiddleware",
    "accounts.middleware.PersonsLanguageMiddleware",
    "accounts.middleware.DirectorySessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.stale_pages.StalePagesMiddleware",
    "incentives_portal.core.unreadable.UnreadableMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "incentives_portal.core.templatetags.constants",  # after Django's, in place of four tags
                "incentives_portal.core.templatetags.frame",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "incentives_portal.core.context.portal",
            ],
        },
    },
    # For the overview and the frame of every page, where printing was most of the time
    # (docs/decisions/0014-overview-printed-whole.md).
    {
        "NAME": "jinja",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "incentives_portal.core.printing.Environment",
            "autoescape": True,
            "undefined": StrictUndefined,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "auto_reload": DEBUG,
        },
    },
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(health|live|metrics)$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# The role grid sends one field for each of 400 locations and five people; Django's own limit is 1,000.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_600

# --- PostgreSQL and Redis ----------------------------------------------------------------------
# Without DATABASE_URL, manage.py starts the embedded services and sets all three (incentives_portal/local).

# What the portal runs as: a role that owns nothing (docs/decisions/0006-the-database-belt.md).
DATABASE_LOGINS = {
    "application": env.db_url_config(
        required(
            "DATABASE_URL",
            example="postgresql://portal_app@db/portal",
            throw_away="postgresql://portal_app@127.0.0.1:5432/portal",
        )
    )
}
# The role that owns the tables: `migrate` alone logs in with it. Without it the role of DATABASE_URL owns them.
_owner_url = env.str("DATABASE_OWNER_URL", default="")
if _owner_url:
    DATABASE_LOGINS["owner"] = env.db_url_config(_owner_url)
DATABASES = {
    "default": DATABASE_LOGINS["application"]
    | {
        "ENGINE": "incentives_portal.core.postgresql",
        # Temporary tables come last, so that none stands in the place of a table of the portal.
        "OPTIONS": {"options": "-c search_path=public,pg_temp"} | DATABASE_LOGINS["application"].get("OPTIONS", {}),
        "CONN_MAX_AGE": 0 if TESTING else 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
# Redis, which wakes the workers and counts attempts to sign in.
REDIS_URL = required("REDIS_URL", example="redis://redis:6379/0", throw_away="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "incentives_portal.core.cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
        # A request waits no longer than this for a Redis that hangs.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# --- Sign-in -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.passwords.GuessableValidator"},
    {"NAME": "accounts.passwords.LeakedValidator"},
]
# A file of SHA-1 hashes of leaked passwords, one `HASH:count` a line, sorted by hash, as the downloader of Have I Been Pwned
# writes it. Looked up here, nobody is asked. Without it the common passwords that come with the portal are refused.
LEAKED_PASSWORDS_FILE = env.str("LEAKED_PASSWORDS_FILE", default="")
# How long a confirmed second factor counts as fresh for changes to roles, profiles and sign-in (rule ACC-9).
FRESH_SECOND_FACTOR_SECONDS = env.int("FRESH_SECOND_FACTOR_SECONDS", default=300)
if TESTING:
    # Slow on purpose elsewhere; the tests sign in thousands of times.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
MFA_ADAPTER = "accounts.sign_in.SecondFactorAdapter"
USERSESSIONS_ADAPTER = "accounts.sign_in.SessionsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "accounts.second_factor_forms.AuthenticateForm",
    "reauthenticate": "accounts.second_factor_forms.ReauthenticateForm",
    "login_webauthn": "accounts.second_factor_forms.SignInPasskeyForm",
    "authenticate_webauthn": "accounts.second_factor_forms.ConfirmPasskeyForm",
    "reauthenticate_webauthn": "accounts.second_factor_forms.ReauthenticatePasskeyForm",
    "add_webauthn": "accounts.second_factor_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.second_factor_forms.RenamePasskeyForm",
}
# Who gets a new password, or adds or removes a second factor, is told by mail.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = FRESH_SECOND_FACTOR_SECONDS
# Nobody signs themselves up with an address of somebody else, which is what allauth guards against here; people who came
# with the membership system's feed have confirmed no address and must be able to set up a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A code that is typed just as the next one appears still counts; none counts twice (accounts/second_factor_forms.py).
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = PARTNER_CENTER_NAME
# Proxies in front of the web server whose X-Forwarded-For is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# Besides allauth's own limits: a link to join is a secret, and nobody tries one after the other.
ACCOUNT_RATE_LIMITS = {"join": "60/m/ip"}
TEAM_INVITATION_DAYS = 7
# Name servers (`address:port`) that are asked for the records which prove mail domains; without any, the system's own.
DNS_SERVERS = env.list("DNS_SERVERS", default=[])

# --- Languages, time, fiscal year ----------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sv", _("Swedish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
# What management commands answer in: en or sv.
COMMAND_LANGUAGE = env.str("COMMAND_LANGUAGE", default="en")
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = "incentives_portal.formats"
# Where days begin and end, and whose time pages show.
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Stockholm")
# The month in which a fiscal year begins (rule FIS-1).
FISCAL_YEAR_FIRST_MONTH = env.int("FISCAL_YEAR_FIRST_MONTH", default=7)

# --- Static files --------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
# What runs serves what collectstatic gathered; in development and tests the files are served from where they lie.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG or TESTING
STATICFILES_DIRS = [BASE_DIR / "static"]
# Program guides, shared by all machines. Tax documents are in the database.
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # The demonstration serves what production serves: hashed names, compressed.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Mail ----------------------------------------------------------------------------------------
# The mail server, such as smtp+tls://user:password@mail.example:587.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025")
vars().update(EMAIL_CONFIG)
# Where the demonstration's mail catcher keeps what was sent, for its mailbox page (incentives_portal/local/smtp.py).
MAIL_CATCHER_FOLDER = Path(env.str("MAIL_CATCHER_FOLDER", default=str(BASE_DIR / "var" / "mail")))
# For each question to the mail server. A mail asks it four.
EMAIL_TIMEOUT = 10
# The sender of every mail.
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", default=f"{PARTNER_CENTER_NAME} <no-reply@partner-center.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Validation ----------------------------------------------------------------------------------
# Approve without a reviewer what passes all automatic checks and wears no risk flag (rule VAL-2).
AUTOMATIC_APPROVAL = env.bool("AUTOMATIC_APPROVAL", default=True)
# Automatic checks wait this long after the submission; the demonstration uses it so that the wait can be seen.
AUTOMATIC_CHECK_DELAY_SECONDS = env.int("AUTOMATIC_CHECK_DELAY_SECONDS", default=12 if DEMO else 0)
# So many validations are checked in one transaction; a worker that is killed leaves no more than these undone.
VALIDATION_BATCH = env.int("VALIDATION_BATCH", default=1_000)
if VALIDATION_BATCH < 1:
    raise ImproperlyConfigured("VALIDATION_BATCH must be 1 or more, for example VALIDATION_BATCH=1000.")
# So long after a change of account nobody approves it, so that whoever is robbed can say so (rule PAY-5); 0 for no wait.
BANK_CHANGE_COOLING_OFF_HOURS = env.int("BANK_CHANGE_COOLING_OFF_HOURS", default=0 if THROW_AWAY else 24)
# So many findings that aren't "passed", and a second reviewer has to approve, too; 0 for never.
SECOND_REVIEW_FROM_FLAGS = env.int("SECOND_REVIEW_FROM_FLAGS", default=3)
# For so long whoever decided may take it back; the mails about it wait as long. Short in the demonstration, whose mails are read
# at once.
UNDO_SECONDS = env.int("UNDO_SECONDS", default=5 if DEMO else 60)
# A provider that is asked about bank and tax details beside the portal's own checks, by HTTPS; empty for none.
VALIDATION_PROVIDER_URL = env.str("VALIDATION_PROVIDER_URL", default="")
if VALIDATION_PROVIDER_URL and not THROW_AWAY and not VALIDATION_PROVIDER_URL.startswith("https://"):
    raise ImproperlyConfigured("VALIDATION_PROVIDER_URL must begin with https://: bank and tax numbers are sent there.")
# Sent to the provider as a bearer token. A secret.
VALIDATION_PROVIDER_TOKEN = env.str("VALIDATION_PROVIDER_TOKEN", default="")
# How long connecting to the provider may take.
VALIDATION_PROVIDER_CONNECT_SECONDS = env.float("VALIDATION_PROVIDER_CONNECT_SECONDS", default=3)
# How long the provider may be silent.
VALIDATION_PROVIDER_READ_SECONDS = env.float("VALIDATION_PROVIDER_READ_SECONDS", default=8)
# For one question with its three tries.
VALIDATION_PROVIDER_TOTAL_SECONDS = env.float("VALIDATION_PROVIDER_TOTAL_SECONDS", default=20)
# Paying entities in the United States: they need a W-8 from partners elsewhere (rule TAX-1).
US_PAYING_ENTITIES = env.list("US_PAYING_ENTITIES", default=["Operator Corporation", f"{OPERATOR_NAME} Corporation"])

# --- Invitations ---------------------------------------------------------------------------------
# So many days before the last day to answer, people are reminded of an invitation (rule INV-7); empty for never.
INVITATION_REMINDER_DAYS = [int(days) for days in env.list("INVITATION_REMINDER_DAYS", default=["14", "7", "2"])]
# An invitation that nobody has opened goes to somebody else after so many days.
INVITATION_PASS_ON_AFTER_DAYS = env.int("INVITATION_PASS_ON_AFTER_DAYS", default=14)
# It does so, too, when only so many days are left to answer.
INVITATION_PASS_ON_BEFORE_DAYS = env.int("INVITATION_PASS_ON_BEFORE_DAYS", default=5)

# --- Fiscal year ---------------------------------------------------------------------------------
# Without it a rollover waits for a second program manager's approval (rule FIS-3); the demonstration plans, approves and
# applies by itself when its clock passes the end of the year.
ROLLOVER_AUTOMATIC = env.bool("ROLLOVER_AUTOMATIC", default=DEMO)
# How many Celery workers roll over at the same time. Each takes one of the database's processors away from the pages.
ROLLOVER_WORKERS = env.int("ROLLOVER_WORKERS", default=1)
# How many days before a fiscal year's end partners see what would not be renewed as things stand (rule FIS-4).
RENEWAL_DAYS = env.int("RENEWAL_DAYS", default=90)

# --- Celery: it wakes up work that PostgreSQL owns -------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Workers log as LOGGING below says, request ids included.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "retry_policy": {"timeout": 2.0},
    # Who wakes a worker waits for no broker; the worker itself has CELERY_BROKER_CONNECTION_MAX_RETRIES.
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_REDBEAT_REDIS_URL = REDIS_URL
CELERY_REDBEAT_LOCK_TIMEOUT = 15
CELERY_BEAT_SCHEDULER = "incentives_portal.beat.Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
# How often the sweeps look for due work. The demonstration looks more often so that its clock can be seen to move.
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=3 if DEMO else 30)
# The schedule itself stands in incentives_portal/celery.py.

# --- Metrics ---------------------------------------------------------------------------------------
# The bearer token with which Prometheus reads /metrics; without one, only this machine may. A secret.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# A folder that the processes of one web server share to count requests together.
METRICS_FOLDER = env.str("PROMETHEUS_MULTIPROC_DIR", default="")

# --- Countries -------------------------------------------------------------------------------------
COUNTRIES_OVERRIDE = country_names.NAMES

# --- Logs ------------------------------------------------------------------------------------------
# plain for people, json for machines.
LOG_FORMAT = env.str("LOG_FORMAT", default="plain" if THROW_AWAY else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(task)s %(message)s",
        },
    },
    "filters": {"request_id": {"()": "incentives_portal.core.request_ids.RequestIdFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_id"],
        },
    },
    # They would log every address that is asked, and at the debug level more than that.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
    # The least that is logged: DEBUG, INFO, WARNING or ERROR.
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
