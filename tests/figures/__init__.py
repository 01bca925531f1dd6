"""Runner of the reference figures: `python -m tests.figures FILE.jsonl`."""
