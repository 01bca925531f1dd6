"""A second reckoning of loans, written from the definitions in fractions and day by day; for tests only."""
