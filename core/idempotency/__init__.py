"""One key, one effect: the answer to a request is kept in the transaction of what it did."""
