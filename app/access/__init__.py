"""Who calls, what they may do, whose record they may see, and the trail of what they saw."""
