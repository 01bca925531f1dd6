"""Events that leave with the transaction that they tell of, and reach every subscriber at least once."""
