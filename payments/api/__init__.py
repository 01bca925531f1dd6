"""Endpoints about money that goes out and comes in."""
