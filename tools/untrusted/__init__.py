"""Text of a record that addresses software instead of describing care: found, set aside, and made inert where quoted."""

from tools.untrusted.facts import set_aside_of, trusted_facts
from tools.untrusted.quoting import inert_text
from tools.untrusted.segments import SET_ASIDE, Spans, gives_orders, instruction_spans, without_orders

__all__ = ["SET_ASIDE", "Spans", "gives_orders", "inert_text", "instruction_spans", "set_aside_of", "trusted_facts", "without_orders"]  # fmt: skip
