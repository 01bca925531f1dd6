"""Files for credit information companies, what they answer, and what borrowers dispute."""
