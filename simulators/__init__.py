"""The outside world in a process of its own: banks and gateways with real shapes, seeded faults and a book as oracle.

It imports nothing of Kist and listens on this machine alone. It is for demonstrations and tests, never for customers.
"""
