"""Acts of staff: what each takes, who may do it, what it would do, and when it needs a second person."""
