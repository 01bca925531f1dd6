"""Changes tried on the live book: what they would move at the coming day-end, and nothing written to the book."""
