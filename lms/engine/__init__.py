"""Loan arithmetic: values in, values out; no Django, no clock, no settings."""
