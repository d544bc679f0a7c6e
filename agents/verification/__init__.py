"""Nothing leaves that no tool said: drafts and other systems' answers, claim by claim, against the evidence.

support = Support(texts, data, lexicon, citations, results=results)
verify("Creatinine is 2.1 mg/dL [1]. It doubled.", support).text
"""

from __future__ import annotations

from agents.verification.answers import AnswerCheck, Claim, EvidenceText, verify_answer
from agents.verification.dates import dates_in
from agents.verification.findings import Finding, Verdict
from agents.verification.support import Support, Unsupported, Verification, check, verify

__all__ = [
    "AnswerCheck", "Claim", "EvidenceText", "Finding", "Support", "Unsupported", "Verdict", "Verification", "check",
    "dates_in", "verify", "verify_answer",
]  # fmt: skip
