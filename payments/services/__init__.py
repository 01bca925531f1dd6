"""Every write of payments."""
