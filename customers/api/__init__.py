"""Endpoints about customers."""
