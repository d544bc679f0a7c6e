"""Drafts for a person to confirm: orders, note addenda, problem-list changes, messages. Nothing is written here."""

from tools.drafts.calls import draft_message, draft_note, draft_order, draft_problem_change
from tools.drafts.desk import Desk
from tools.drafts.reading import DraftRequest, read_draft_request

__all__ = [
    "Desk",
    "DraftRequest",
    "draft_message",
    "draft_note",
    "draft_order",
    "draft_problem_change",
    "read_draft_request",
]
