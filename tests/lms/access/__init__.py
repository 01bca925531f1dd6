"""Who may open and do what in the admin, as tables, and the rows that fill its screens."""
