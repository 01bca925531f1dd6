"""Goods and services tax of the charges: rules, registrations, invoices and notes, the register of a month."""
