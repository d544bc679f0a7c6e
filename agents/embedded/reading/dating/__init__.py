"""Days in place of what a question names its time by: a day without its year, a stay, a visit, an event, an age."""
