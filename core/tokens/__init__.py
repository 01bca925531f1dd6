"""Tokens of staff tools: they act as their owner, may be limited to reading, end by themselves, and can be revoked."""
