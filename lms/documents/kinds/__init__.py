"""Kinds of documents: for each the figures that it states and the page that it becomes."""

from lms.documents.kinds.registry import KINDS, KindRule

__all__ = ["KINDS", "KindRule"]
