"""Pages of what every app shares."""
