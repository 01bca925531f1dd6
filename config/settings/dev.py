"""Settings of the demo and of a developer's machine; nothing here is fit for real customers."""

from config.env import DEMO_BLIND_INDEX_KEY, DEMO_FIELD_ENCRYPTION_KEY, DEMO_SECRET_KEY, env
from config.settings.base import *  # noqa: F403  # settings of one environment over those of all

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET_KEY)
FIELD_ENCRYPTION_KEY = env.str("FIELD_ENCRYPTION_KEY", default=DEMO_FIELD_ENCRYPTION_KEY)
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY", default=DEMO_BLIND_INDEX_KEY)
VAR_DIR.mkdir(parents=True, exist_ok=True)  # noqa: F405  # from base
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
# Styles and scripts are served from where the packages keep them: no collectstatic before the first page.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
