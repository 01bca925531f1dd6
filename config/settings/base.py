"""Settings that every environment shares, grouped by subject."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

from config.env import ROOT, cache, database, env, hex_keys
from config.settings.unfold import STAFF_THEME

BASE_DIR = ROOT

# Applications
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "core",
    "customers",
    "ledger",
    "lms",
    "payments",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database: SQLite unless DATABASE_URL names a server.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
DATABASES = {"default": database("DATABASE_URL", default=f"sqlite:///{quote(str(VAR_DIR / 'kist.sqlite3'))}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache, broker and tasks
REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {"default": cache(REDIS_URL)}
CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A lost worker's task comes back after the visibility timeout, and only when the broker is scanned for it.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_TIMEZONE = "Asia/Kolkata"
CELERY_BEAT_SCHEDULE = {
    "core.approvals_expire": {"task": "core.approvals_expire", "schedule": crontab(minute="15")},
    "ledger.roll": {"task": "ledger.roll", "schedule": timedelta(minutes=10)},
    "ledger.expire_holds": {"task": "ledger.expire_holds", "schedule": timedelta(minutes=10)},
    "ledger.seal": {"task": "ledger.seal", "schedule": crontab(minute="5")},
    "ledger.check": {"task": "ledger.check", "schedule": crontab(hour="2", minute="30")},
    "lms.book_snapshot": {"task": "lms.book_snapshot", "schedule": crontab(minute="55")},
    "lms.bureau_due": {"task": "lms.bureau_due", "schedule": crontab(minute="50")},
    "lms.servicing_due": {"task": "lms.servicing_due", "schedule": crontab(minute="20")},
    "payments.settlements_look": {"task": "payments.settlements_look", "schedule": crontab(hour="*/6", minute="35")},
    "core.expire_requests": {"task": "core.expire_requests", "schedule": crontab(minute="40")},
}
CELERY_TASK_ROUTES = {"lms.day_end": {"queue": "celery"}}

# A place at which a fault test makes this process die; no real installation sets it.
FAILPOINT = env.str("FAILPOINT", default="")
# By how much fault tests shorten leases and pauses.
HURRY = env.float("HURRY", default=1.0)

# Encrypted fields: keys that still open stored values but encrypt no new ones.
FIELD_ENCRYPTION_PREVIOUS_KEYS = hex_keys("FIELD_ENCRYPTION_PREVIOUS_KEYS")

# Log-in and passwords
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 12 * 60 * 60

# What a browser may do with our pages: nothing leaves or enters from elsewhere. The admin theme evaluates its own
# expressions in the page, hence the two unsafe words.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Staff screens
UNFOLD = STAFF_THEME

# Language, time and numbers
LANGUAGE_CODE = "en-in"
TIME_ZONE = "Asia/Kolkata"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

# Files
STATIC_URL = "static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# Loan tapes: larger files are refused before they are read.
IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", default=100)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=500_000)

# API
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=0)
REST_FRAMEWORK = {
    # The first one decides that a request of nobody is answered with 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.StaffPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"] * bool(API_REQUESTS_PER_MINUTE),
    "DEFAULT_THROTTLE_RATES": {"user": f"{API_REQUESTS_PER_MINUTE}/minute"},
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.StaffSchema",
    "EXCEPTION_HANDLER": "core.api.exceptions.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kist staff API",
    "VERSION": "1",
    "DESCRIPTION": "For the tools of staff: what the screens show and do, with the same permissions and approvals.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["core.api.permissions.StaffPermission"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "validatorUrl": None},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "AccountKind": "ledger.models.AccountKind",
        "CustomerKind": "customers.models.CustomerKind",
        "AddressKind": "customers.models.AddressKind",
        "ApprovalState": "core.approvals.models.ApprovalState",
        "DocumentJobState": "lms.models.document.DocumentJob.State",
        "DocumentKind": "lms.models.document.DocumentKind",
        "FactKind": "lms.models.FactKind",
        "OutcomeDone": ["DONE"],
        "OutcomeWaiting": ["WAITING"],
        "ProvisionRunState": "lms.models.ProvisionRun.State",
        "RateCampaignState": "lms.models.RateCampaign.State",
        "RateChoice": "lms.models.RateChoice",
        "RateNoticeState": "lms.models.RateNotice.State",
        "TaxDocumentKind": "ledger.models.TaxDocumentKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.close_requests",
    ],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SORT_OPERATION_PARAMETERS": False,
}
# How long the answer to a request is kept for its repeats, and how long a token may be in force, in days.
IDEMPOTENCY_DAYS = env.int("IDEMPOTENCY_DAYS", default=30)
API_TOKEN_MAX_DAYS = env.int("API_TOKEN_MAX_DAYS", default=366)

# Logging: to standard output, one line each.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # The addresses that vendors are called at carry references of payments.
    "loggers": {"httpx": {"level": "WARNING"}},
}
