"""Sagas of payments."""
