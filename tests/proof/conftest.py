"""What the proofs share."""

from tests.proof.callers import conflicts, isolation  # noqa: F401
