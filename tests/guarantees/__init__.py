"""Fault tests by real processes: workers, vendors, database and broker, killed and cut off at the worst moments."""
