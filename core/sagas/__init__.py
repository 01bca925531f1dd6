"""Work of several steps that reaches outside: each step is a row, and what was begun is finished or undone."""
