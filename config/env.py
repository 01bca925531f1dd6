"""The one module that reads the environment."""

import binascii
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
KEY_BYTES = 32
SECRET_KEY_LENGTH = 50

# Keys of the demo, which serves generated people only; published here, they protect nothing.
DEMO_SECRET_KEY = "demo-only-not-a-secret-" + "0" * 40  # pragma: allowlist secret
DEMO_FIELD_ENCRYPTION_KEY = "00" * KEY_BYTES
DEMO_BLIND_INDEX_KEY = "11" * KEY_BYTES
_PUBLISHED = frozenset({DEMO_SECRET_KEY, DEMO_FIELD_ENCRYPTION_KEY, DEMO_BLIND_INDEX_KEY})

env = environ.Env()
environ.Env.read_env(ROOT / ".env", overwrite=False)


def database(name: str, *, default: str | None = None) -> dict[str, Any]:
    """Read a database URL and add what every connection of its engine needs.

    Args:
        name: the variable, such as `sqlite:///var/kist.sqlite3` or `mysql://user:password@host:3306/kist`.
        default: URL to take if the variable is not set; without one it must be set.

    Returns:
        An entry of Django's DATABASES. Options given in the URL are kept, except for those that make money safe.

    Raises:
        ImproperlyConfigured: the variable is missing, or names an engine that Kist is not tested on.
    """
    config: dict[str, Any] = env.db_url(name) if default is None else env.db_url(name, default=default)
    options = config.get("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # One writer at a time: take the write lock at BEGIN, or two readers that both want to write refuse each other.
        required = {
            "transaction_mode": "IMMEDIATE",
            # Without recursive triggers, INSERT OR REPLACE would delete posted rows and never ask their triggers.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA recursive_triggers=ON;",
        }
        return config | {"OPTIONS": {"timeout": 20} | options | required}
    if config["ENGINE"] == "django.db.backends.mysql":
        required = {
            "isolation_level": "read committed",
            "charset": "utf8mb4",
            "init_command": "SET sql_mode='STRICT_ALL_TABLES', innodb_lock_wait_timeout=10",
        }
        return config | {
            "OPTIONS": options | required,
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_ci"},
        }
    raise ImproperlyConfigured(f"{name} names {config['ENGINE']}: use an address that starts with sqlite or mysql.")


def cache(redis_url: str) -> dict[str, Any]:
    """Return an entry of Django's CACHES: the server that all processes share, or this process's memory without one."""
    if not redis_url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": "kist",
    }


def secret_key(name: str) -> str:
    """Read the key that signs sessions and tokens.

    Raises:
        ImproperlyConfigured: the variable is missing, short or published with the source.
    """
    value: str = env.str(name)
    if len(value) < SECRET_KEY_LENGTH or value in _PUBLISHED:
        raise ImproperlyConfigured(
            f"{name} must have at least {SECRET_KEY_LENGTH} random characters. "
            'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return value


def hex_key(name: str) -> str:
    """Read an encryption key of 32 bytes, written as 64 hexadecimal digits.

    Raises:
        ImproperlyConfigured: the variable is missing, is no such key, or is published with the source.
    """
    value: str = env.str(name)
    if not _is_hex_key(value) or value in _PUBLISHED:
        raise ImproperlyConfigured(
            f"{name} must be {KEY_BYTES} random bytes in hexadecimal ({2 * KEY_BYTES} digits). "
            'Make one: python3 -c "import secrets; print(secrets.token_hex(32))"'
        )
    return value


def hex_keys(name: str) -> list[str]:
    """Read keys as of `hex_key`, parted by commas; none if the variable is not set.

    Raises:
        ImproperlyConfigured: one of them is no such key.
    """
    values: list[str] = env.list(name, default=[])
    if not all(_is_hex_key(value) for value in values):
        raise ImproperlyConfigured(f"{name} must be keys of {2 * KEY_BYTES} hexadecimal digits each, parted by commas.")
    return values


def _is_hex_key(value: str) -> bool:
    try:
        return len(binascii.unhexlify(value)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
