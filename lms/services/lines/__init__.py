"""Credit lines: sanction, holds, drawdowns, limit, block, renewal, closure, and the proof that all of it agrees."""
