"""Endpoints of the books."""
