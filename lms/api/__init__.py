"""Endpoints of the loan book."""
