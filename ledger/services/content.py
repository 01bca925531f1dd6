"""Fingerprint what an idempotency key stands for, so that a repeat can be told from a mistake."""

import hashlib
import json
from collections.abc import Sequence
from typing import Final

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def content_hash(*, content: Sequence[object]) -> str:
    """Return the hexadecimal SHA-256 of values that JSON can carry."""
    return hashlib.sha256(_ENCODER.encode(content).encode()).hexdigest()
