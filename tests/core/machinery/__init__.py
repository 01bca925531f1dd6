"""A small app of sagas, events and messages, for tests of the machinery in processes of their own."""
