"""How dates and numbers are written; Django looks here before its own formats."""
