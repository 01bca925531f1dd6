"""Deterministic simulation of the payout protocol: every order of events that a seed draws, and its mutants."""
