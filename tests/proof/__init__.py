"""The proof of the book: random lives, races and refusals over the services of all apps."""
