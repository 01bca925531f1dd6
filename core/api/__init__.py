"""What every endpoint shares: refusals, log-in, permissions, keys, pages, and the description of it all.

Nothing is imported here: the framework reads these modules by name while it is being imported itself.
"""
