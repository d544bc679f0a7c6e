"""What the notes say: passages that answer a question, and what a note really claims."""
