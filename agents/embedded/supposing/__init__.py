"""What-if questions: the values, changes, doses and meals that they state."""
