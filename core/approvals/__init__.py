"""Maker and checker: one person asks for an act and sees its effect, another person lets it happen."""
