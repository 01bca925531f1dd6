"""What dev.py does, with the standard library alone: environment, servers, demo, checks."""
