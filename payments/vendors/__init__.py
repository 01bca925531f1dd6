"""Vendors: one client class each turns its language into ours, and says how sure an answer is."""
