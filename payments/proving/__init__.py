"""Accounts proven at scale: one process asks vendors about a thousand of them at a time."""
