"""From the words of a question to typed slots: what frames it, what it names, which time and unit it means."""
