"""Fingerprint what an idempotency key stands for, so that a repeat can be told from a mistake."""

import hashlib
import json
from collections.abc import Sequence


def content_hash(*, content: Sequence[object]) -> str:
    """Return the hexadecimal SHA-256 of values that JSON can carry."""
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
