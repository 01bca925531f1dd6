"""Provisions of a month-end: the dated rows, the run over the whole book, its movement and its posting."""
