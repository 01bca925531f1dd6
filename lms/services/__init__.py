"""Every write of the loan book, one module per noun."""
