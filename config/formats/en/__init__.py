"""Formats of English as India writes it."""
