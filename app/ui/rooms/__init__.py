"""The rooms beside the conversation: the patient's story, the twin, a note that is pasted."""
