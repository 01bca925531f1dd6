"""A believable lender with generated people, for the demo and for load tests; never for a real installation."""
