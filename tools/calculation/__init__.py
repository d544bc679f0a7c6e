"""From a note and a question to a calculated answer: which calculator, which values, which criteria, with their spans.

    answer = calculate_from_note(text, "What is the patient's CURB-65 score?")

Every input is a `Found` with the characters it was read from, or is declared as assumed; without evidence there is no
answer but an abstention that names what is missing.
"""

from tools.calculation.answers import Calculated, Criterion, Used
from tools.calculation.calculate import NoteCalculator, calculate_from_note

__all__ = ["Calculated", "Criterion", "NoteCalculator", "Used", "calculate_from_note"]
