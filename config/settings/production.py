"""Settings of a real installation: no secret has a default, and the process refuses to start without them."""

from config.env import env
from config.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
FIELD_ENCRYPTION_KEY = env.str("FIELD_ENCRYPTION_KEY")
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY")
DATABASES = {"default": DATABASES["default"] | env.db_url("DATABASE_URL")}  # noqa: F405
REDIS_URL = env.str("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")

# Everything travels over TLS; the proxy ends it and says so.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
