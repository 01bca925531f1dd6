"""The vendors of the demo lender and some payouts: generated people only, never for real customers."""
