"""Documents for borrowers: figures from the book, words in their language, pages as PDF."""
