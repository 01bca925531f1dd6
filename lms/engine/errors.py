"""Refusals of the engine: facts that cannot be."""

from __future__ import annotations


class EngineRefusal(ValueError):
    """A fact or a setting contradicts the loan; `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
