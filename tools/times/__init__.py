"""Time expressions of a question, and the words of a calendar."""
