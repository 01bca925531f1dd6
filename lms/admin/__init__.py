"""Staff screens of the loan book."""
