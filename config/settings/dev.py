"""Settings of the demo and of a developer's machine; nothing here is fit for real customers."""

from config.env import env
from config.settings.base import *  # noqa: F403

DEBUG = env.bool("DEBUG", default=False)
# Generated people only: fixed keys keep the demo's database readable between runs.
SECRET_KEY = env.str("SECRET_KEY", default="demo-only-not-a-secret-" + "0" * 40)
FIELD_ENCRYPTION_KEY = env.str("FIELD_ENCRYPTION_KEY", default="00" * 32)
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY", default="11" * 32)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
