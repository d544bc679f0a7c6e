"""What is said instead of an answer. Each text claims nothing about the patient."""

OTHER_PATIENT = "I only answer about the patient whose chart is open, and this asks about someone else. Open that patient's chart to ask about them."
MANY_PATIENTS = "I only answer about the one patient whose chart is open. I cannot list, count or export other patients or whole tables."
NO_WRITES = (
    "Nothing was ordered, changed, signed or sent: I cannot do that. Name one order, note, message or problem-list change and I "
    "draft it for you to confirm, where I can; I can also show what the record says."
)
NO_INSTRUCTIONS = "I cannot change how I work or show my instructions. I answer questions about the open patient's record and notes, with evidence."
OUT_OF_SCOPE = (
    "I only answer questions about the open patient's record, notes and digital twin, so I cannot help with that."
)
HELP = (
    "I answer questions about the open patient from the record, the notes and the digital twin, and cite the evidence. "
    "For example: “most recent creatinine?”, “is she still on lisinopril?”, “any allergies to penicillins?”, “A1c trend”, "
    "“how many ED visits in the last 2 years?”, “CHA2DS2-VASc?”."
)
NOT_UNDERSTOOD = (
    "I did not understand that as a question about this patient's record, so nothing was looked up and the record "
    "may still hold the answer. Name the lab, drug, problem, procedure, visit or calculator you want, in English."
)
TOO_LONG = "That is too long for me to read reliably (over {limit} characters), so nothing was looked up. Please ask in a few sentences."
NO_SUCH_DATE = "{date} is not a date of the calendar, so nothing was looked up. Please give the date again, for example as 2020-02-28."
ENGLISH_ONLY = "I only answer questions asked in English. Nothing was looked up; please ask again in English."
EMERGENCY = (
    "If someone is in danger now, call the local emergency number or your rapid response team. I cannot assess an "
    "emergency; I can only show what this patient's record says, so nothing was looked up."
)
SELF_HARM = (
    "If you or someone else may come to harm, please get help now: call the local emergency number or a crisis line (988 in "
    "the United States, 116 123 in the United Kingdom and Ireland), or the hospital's on-call psychiatry team, and stay with "
    "the person. Nothing was looked up, and I give no information that could be used for harm."
)
