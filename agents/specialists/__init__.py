"""Specialists that look at one side of a question each, and the critic that reads their answer before it leaves."""
