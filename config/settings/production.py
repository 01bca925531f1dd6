"""Settings of a real installation: no secret has a default, and the process refuses to start without them."""

from config.env import cache, database, env, hex_key, secret_key
from config.settings.base import *  # noqa: F403  # settings of one environment over those of all

DEBUG = False
SECRET_KEY = secret_key("SECRET_KEY")
FIELD_ENCRYPTION_KEY = hex_key("FIELD_ENCRYPTION_KEY")
BLIND_INDEX_KEY = hex_key("BLIND_INDEX_KEY")
DATABASES = {"default": database("DATABASE_URL")}
REDIS_URL = env.str("REDIS_URL")
CACHES = {"default": cache(REDIS_URL)}
CELERY_BROKER_URL = REDIS_URL
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [f"https://{host.removeprefix('.')}" for host in ALLOWED_HOSTS]

# Everything travels over TLS; the proxy ends it and says so.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

# Named by their content, so that a browser may keep them for ever.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FAILPOINT = ""
HURRY = 1.0
