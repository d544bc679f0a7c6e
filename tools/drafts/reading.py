"""A sentence of the user as a draft request: which draft, with which arguments. None when it asks for none.

Only the user's own words are read here, never a note.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.facts import Frozen

if TYPE_CHECKING:
    from tools.context import ToolContext


class DraftRequest(Frozen):
    """The tool to call and its arguments."""

    tool: str
    arguments: dict[str, str]


_POLITE = re.compile(
    r"^(?:(?:ok(?:ay)?|so|now|hi|hello|then|also|and|yes|right|hey)\b[,\s]*)*(?:(?:please|pls|kindly)[,\s]+)?"
    r"(?:(?:can|could|would|will) (?:you|we|u)(?: please| pls| kindly)?\s+|(?:i(?:'d| would)? (?:like|want|need)(?: you)? to\s+)|let(?:'|’)?s\s+|let us\s+"
    r"|(?:go ahead and|you can|help me(?: to)?|we should|we need to|i want|i need|i(?:'|’)d like)\s+)?(?:please\s+|pls\s+|just\s+|also\s+)*",
    re.IGNORECASE,
)
_DRAFTING = r"(?:draft|write|prepare|compose|create|make|put together|pend|propose|set up|queue(?: up)?|enter|place|put in|send|generate|do)"
_ORDERING = (
    ("stop", r"(?:stop|discontinue|d/?c|cease|take (?:him|her|them|the patient|pt) off(?: of)?|get (?:him|her|them|the patient|pt) off(?: of)?|come off|deprescribe|cancel)"),
    ("hold", r"(?:hold|pause|suspend|withhold)"),
    ("change", r"(?:increase|decrease|reduce|lower|raise|up(?:titrate|-titrate)?|down(?:titrate|-titrate)|titrate|change|adjust|bump(?: up)?|double|halve|cut)"),
    ("renew", r"(?:renew|refill|re-?order|reorder|repeat|continue)"),
    ("start", r"(?:order|prescribe|start|initiate|begin|give|administer|add on|add(?=\s.*\d\s*(?:mg|mcg|g|units?|meq)\b)|commence|put (?:him|her|them|the patient|pt) (?:back )?on|get (?:him|her|them|the patient|pt) (?:started )?on|load with|restart|resume|book|arrange|request|schedule|refer|rx|send (?:him|her|them|the patient|pt) for|get)"),
)  # fmt: skip
_ORDER_NOUN = re.compile(
    rf"^(?:{_DRAFTING}\s+)?(?:me\s+|us\s+|in\s+|up\s+)?(?:an?\s+|the\s+|new\s+)*(?:(?:draft|proposed|pending)\s+)?(?:(?:medication|med|lab|imaging|drug|stat|new)\s+)?(?:orders?|prescriptions?|rx|script|requisition|proposal)\b(?:\s+(?:for|of|to))?[:\s,]*(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_NOTE = re.compile(
    rf"^(?:{_DRAFTING}|add|append|put|document|record|chart|addend|note)\b(?:\s+(?:me|us|in|up|down))?(?P<rest>.*?\b(?:note|addendum|addenda|documentation|progress note|chart|sentence|line)\b.*|.*\bin the notes?\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NOTE_VERB = re.compile(r"^(?:addend(?:um)?|document|chart|note)\b(?:\s+in the (?:chart|record|notes?))?\s*(?:that|:|,)?\s*(?P<text>.+)$", re.IGNORECASE | re.DOTALL)  # fmt: skip
_SAYING = re.compile(
    r"(?:\b(?:saying|says?|stating|that states?|reading|to say|which says|with the text|with the following|as follows|mentioning|noting|documenting|explaining|informing (?:him|her|them)|asking (?:him|her|them)|telling (?:him|her|them)|reminding (?:him|her|them)|letting (?:him|her|them) know)\b(?:\s+(?:that|it))?\s*:?\s*|:\s*|\bthat\s+|\bto (?:tell|let|remind|inform|ask) (?:him|her|them)\b(?:\s+know)?(?:\s+that)?\s*)(?P<text>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_MESSAGE = re.compile(
    rf"^(?:(?:{_DRAFTING}|leave|shoot|reply with|message|email|e-mail|text|write|let|tell|inform|notify|remind|ask|ping|page|send)\b)",
    re.IGNORECASE,
)
_MESSAGE_NOUN = re.compile(r"\b(?:message|msg|letter|e-?mail|sms|text message|portal message|mychart|note to (?:the )?(?:patient|pt|family))\b", re.IGNORECASE)  # fmt: skip
_TO = re.compile(
    r"\b(?:to|for|with|message|email|e-mail|text|tell|inform|notify|remind|ask|ping|page|let)\s+(?P<who>(?:the |her |his |their |my |our )?(?:patient|pt|him|her|them|family|daughter|son|wife|husband|spouse|mother|father|caregiver"
    r"|(?:on-?call |primary care |referring |attending |consulting |covering )?(?:pcp|gp|doctor|physician|nurse|pharmacist|pharmacy|cardiologist|cardiology|nephrologist|nephrology|endocrinologist|endocrinology|neurologist|neurology|oncologist|oncology|surgeon|surgery|resident|intern|team|colleague|dietitian|social worker|case manager|specialist|psychiatrist|hematology|gastroenterology|pulmonology|icu|ward|dr\.?\s+[A-Z][\w'-]+)|dr\.?\s+[A-Z][\w'-]+))\b",
    re.IGNORECASE,
)  # fmt: skip
_ABOUT = re.compile(r"\b(?:about|regarding|re|concerning)\b:?\s+(?P<topic>.+)$", re.IGNORECASE | re.DOTALL)
_PROBLEM_LIST = re.compile(r"\bproblem(?:s)?[- ]?list\b|\bproblems\b|\bpmh\b|\bdiagnos[ei]s list\b|\blist of (?:problems|diagnoses)\b|\bhistory list\b", re.IGNORECASE)  # fmt: skip
_PROBLEM_ACTIONS = (
    ("remove", r"(?:remove|delete|strike|take .{0,80}? off|take off|drop|get rid of|erase|mark .{0,80}? (?:as )?(?:an? )?(?:entered in error|error|erroneous|wrong))"),
    ("resolve", r"(?:resolve|close|inactivate|mark .{0,80}? (?:as )?(?:resolved|inactive|closed|done|cured)|set .{0,80}? to (?:resolved|inactive))"),
    ("reactivate", r"(?:re-?activate|re-?open|mark .{0,80}? (?:as )?active|set .{0,80}? to active)"),
    ("add", r"(?:add|put|include|list|enter|record|document|diagnose|place|update)"),
)  # fmt: skip
_FOR_REASON = re.compile(
    r"\b(?:for|because of|because|due to|given|in view of|since|as)\b\s+(?P<why>.+)$", re.IGNORECASE
)
_ONSET = re.compile(r"\b(?:onset|since|diagnosed(?: in| on)?|started(?: in| on)?|from)\s+(?P<when>(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?)\b", re.IGNORECASE)  # fmt: skip
# "Switch A to B", "stop A and start B", "start B instead of A": one drug takes the place of another.
_SWITCHES = (  # verb, what joins the two, whether the drug to stop is named first
    (r"(?:switch|convert|transition|rotate|change|swap(?: out)?|replace)(?: (?:him|her|them|the patient|pt))?(?: over)?(?: from)?", r"(?:over )?to|with|for|by", True),
    (r"substitute", r"for|instead of", False),
    (_ORDERING[0][1], r"(?:[,;] ?)?(?:and |then |and then )?(?:start|begin|initiate|order|prescribe|add|commence|give)", True),
    (_ORDERING[-1][1], r"(?:[,;] ?)?(?:and |then |and then )?(?:stop|discontinue|d/?c|cease)|instead of|in place of|to replace|replacing", False),
)  # fmt: skip
# A question about what was done, or what would be, asks for no draft.
_QUESTION = re.compile(
    r"^(?:what|when|who|whom|whose|why|where|which|how|is|are|was|were|did|does|do|has|have|had|should|would|may|might|if|any|can (?:he|she|they|the patient|pt|i)|could (?:he|she|they)|am)\b",
    re.IGNORECASE,
)
# "Would you start a statin?" asks for an opinion, "would you order a BMP" for an order.
_OPINION = re.compile(
    r"^would you (?!please|pls|kindly|order|prescribe|draft|write|send|add|message|put|document|tell|let)",
    re.IGNORECASE,
)
_LOOKED_UP = re.compile(r"^(?:dates?|times?|reasons?|history|status|in|of|since|over|between|that|it|this)\b|\b(?:last|latest|previous|most recent|newest|current)\b", re.IGNORECASE)  # fmt: skip
_REFERRAL = re.compile(
    rf"^(?:{_DRAFTING}|order|request|arrange)\s+(?:an?\s+|the\s+)?(?P<what>(?:\w+ ){{0,2}}(?:referral|consult(?:ation)?)\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
# "Levothyroxine increase to 88 mcg"
_DRUG_FIRST = re.compile(
    r"^(?P<drug>[\w-]{4,})\s+(?P<verb>increase|decrease|reduce|raise|lower|change|hold|stop)\s+(?P<rest>(?:to \d|now\b|today\b).*)$",
    re.IGNORECASE,
)
# "I want to tell her whether it improved": what is to be told is what is asked here.
_TO_BE_TOLD = re.compile(
    r"^(?:(?:so|and|ok(?:ay)?|hi)\b[,\s]*)*i(?: want| need| have|'d like| would like|'ve got| am going|'m going)? to (?:be able to )?(?:tell|let|inform|update|reassure|explain to)\b.{0,30}?\b(?:whether|if|how(?! to\b)|what|which|when|by how much)\b",
    re.IGNORECASE,
)
# What was ordered before is no dose that was said: the words go, and the draft names what it lacks.
_AS_BEFORE = re.compile(
    r"[\s,]*\b(?:(?:at|with|on) )?(?:the )?same(?: (?:dose|order|way|sig|regimen|as|strength))*(?: (?:the )?(?:last time|before|previously|prior|last|in the past))?\b\W*$",
    re.IGNORECASE,
)
_NOT = re.compile(r"^(?:do not|don'?t|never|no need to|not)\b", re.IGNORECASE)


def read_draft_request(text: str, ctx: ToolContext) -> DraftRequest | None:
    """What a sentence asks to be drafted, with arguments for the tool; None when it asks for nothing of the kind.

    "Order 40 mg furosemide PO daily" gives `draft_order(order="40 mg furosemide PO daily", action="start")`.
    """
    said = " ".join(text.split()).strip(" .!?;")
    bare = _POLITE.sub("", said, count=1).strip()
    if (swapped := _DRUG_FIRST.match(bare)) is not None:
        bare = f"{swapped['verb']} {swapped['drug']} {swapped['rest']}"
    if not bare or _NOT.match(bare) or (bare == said and _QUESTION.match(bare)) or _OPINION.match(said):
        return None
    if _TO_BE_TOLD.match(said):
        return None
    return _problem(bare, ctx) or _message(bare, text) or _note(bare, text, ctx) or _order(bare, ctx)


def asks_for(text: str, ctx: ToolContext) -> str:
    """The tool whose draft a text of the user asks for, in its last sentence that asks for one; empty when none does."""
    for sentence in reversed(re.split(r"(?<=[.!?])\s+|\n+", text)):
        if found := read_draft_request(sentence, ctx):
            return found.tool
    return found.tool if (found := read_draft_request(text, ctx)) else ""


# --- the problem list ------------------------------------------------------------------------------------------------


_IN_ERROR = re.compile(r"^(?:the\s+)?(?P<name>.{2,80}?)\s+(?:was|is|has been)\s+entered in error\b", re.IGNORECASE)


def _problem(bare: str, ctx: ToolContext) -> DraftRequest | None:
    if (wrong := _IN_ERROR.match(bare)) and ctx.lexicon.resolve(wrong["name"], "condition"):
        return DraftRequest(tool="draft_problem_change", arguments={"problem": wrong["name"], "action": "remove"})
    for action, verbs in _PROBLEM_ACTIONS:
        if re.match(rf"{verbs}\b", bare, re.IGNORECASE) is None:
            continue
        verb = re.match(rf"(?:{verbs})\b", bare, re.IGNORECASE)
        # "add" is a short form of a disorder too.
        begins = 0 if verb is None or action in {"resolve", "reactivate", "remove"} else verb.end()
        mentions = [m for m in ctx.lexicon.find_mentions(bare, ("condition",)) if m.start >= max(begins, 1)]
        on_list = _PROBLEM_LIST.search(bare) is not None
        clear = action in {"resolve", "reactivate"} or re.match(r"diagnose\b|mark\b|set\b", bare, re.IGNORECASE)
        if not on_list and not (mentions and clear):
            return None
        name = max((m.text for m in mentions), key=len, default="") or _rest_of_list(bare, verbs)
        if not name:
            return None
        arguments = {"problem": name, "action": action}
        if onset := _ONSET.search(bare):
            arguments["onset"] = onset["when"]
        return DraftRequest(tool="draft_problem_change", arguments=arguments)
    return None


def _rest_of_list(bare: str, verbs: str) -> str:
    rest = re.sub(rf"^{verbs}\s+", "", bare, flags=re.IGNORECASE)
    rest = re.split(r"\b(?:to|on|from|off|in)\s+(?:the|his|her|their)?\s*(?:patient'?s\s+)?(?:active\s+)?(?:problem|diagnos|pmh|list)", rest, flags=re.IGNORECASE)[0]  # fmt: skip
    return re.sub(
        r"^(?:an?|the|new|diagnosis of|problem of|entry for)\s+", "", rest.strip(" :,"), flags=re.IGNORECASE
    ).strip(" :,\"'“”")


# --- messages --------------------------------------------------------------------------------------------------------


def _message(bare: str, original: str) -> DraftRequest | None:
    verb = _MESSAGE.match(bare)
    if verb is None:
        return None
    recipient = _TO.search(bare)
    has_noun = _MESSAGE_NOUN.search(bare) is not None
    speaks = (
        re.match(
            r"(?:message|email|e-mail|text|tell|inform|notify|remind|ping|page|let|ask|write to)\b", bare, re.IGNORECASE
        )
        is not None
    )
    if not (has_noun or (speaks and recipient)):
        return None
    if re.match(r"(?:tell|let|ask|remind|inform) (?:me|us)\b", bare, re.IGNORECASE):
        return None
    who = _recipient(recipient["who"] if recipient else "patient")
    body = _said(bare, recipient.end() if recipient and speaks else 0)
    arguments = {"text": body or "", "to": who}
    if topic := _ABOUT.search(bare):
        about = re.split(r"\b(?:saying|stating|telling|that)\b|:", topic["topic"])[0].strip(" ,")
        arguments["subject_line"] = about[:120]
        arguments["text"] = body or f"About {about}."
    return DraftRequest(tool="draft_message", arguments={k: v for k, v in arguments.items() if v})


def _recipient(words: str) -> str:
    who = re.sub(r"^(?:the|her|his|their|my|our)\s+", "", words.strip(), flags=re.IGNORECASE)
    return "patient" if who.lower() in {"patient", "pt", "him", "her", "them"} else who


def _said(bare: str, start: int) -> str:
    """The words after "saying", "that" or a colon, or after whom they are told."""
    if found := _SAYING.search(bare, start):
        return _sentence(found["text"])
    if start:
        rest = re.sub(r"^(?:know|that|to|about|regarding)\b\s*", "", bare[start:].strip(" ,"), flags=re.IGNORECASE)
        to_do = re.match(r"\s*to\b", bare[start:], re.IGNORECASE) is not None
        return _sentence(f"Please {rest}" if to_do and rest else rest)
    return ""


def _sentence(words: str) -> str:
    said = words.strip().strip("\"“”'").strip()
    if not said:
        return ""
    first = said.split()[0]
    said = said if any(letter.isupper() for letter in first) else f"{said[0].upper()}{said[1:]}"
    return f"{said}{'' if said[-1] in '.!?' else '.'}"


# --- notes -----------------------------------------------------------------------------------------------------------


def _note(bare: str, original: str, ctx: ToolContext) -> DraftRequest | None:
    noted = _NOTE.match(bare)
    if noted is not None:
        found = _SAYING.search(noted["rest"])
        body = found["text"] if found else ""
        if not body and (about := _ABOUT.search(noted["rest"])):
            body = about["topic"]
        if not body and (into := re.match(r"\s*(?P<what>.+?)\s+(?:to|in|into|on)\s+(?:the|his|her|their|that|today'?s|last|latest)\s+.*?(?:note|addendum|chart|documentation)\b", noted["rest"], re.IGNORECASE)):  # fmt: skip
            body = into["what"]
        return DraftRequest(tool="draft_note", arguments=_note_arguments(body, bare, ctx)) if body else None
    plain = _NOTE_VERB.match(bare)
    if plain is not None:
        return DraftRequest(tool="draft_note", arguments=_note_arguments(plain["text"], bare, ctx))
    return None


def _note_arguments(body: str, bare: str, ctx: ToolContext) -> dict[str, str]:
    arguments = {"text": _sentence(body)}
    kinds = {n.title.lower(): n for n in ctx.chart.notes if n.title and n.id not in ctx.chart.suspicious_note_ids}
    named = [note for title, note in kinds.items() if title in bare.lower() and title not in body.lower()]
    if named:
        arguments["note"] = named[-1].id
    return arguments


# --- orders ----------------------------------------------------------------------------------------------------------


def _order(bare: str, ctx: ToolContext) -> DraftRequest | None:
    if switched := _switch(bare, ctx):
        return switched
    if found := _REFERRAL.match(bare):
        return _order_request(found["what"], "start", ctx)
    if found := _ORDER_NOUN.match(bare):
        rest = found["rest"].strip()
        for action, verbs in _ORDERING:
            if verb := re.match(rf"{verbs}\b\s*", rest, re.IGNORECASE):
                return _order_request(rest[verb.end() :], action, ctx)
        return _order_request(rest, "start", ctx)
    for action, verbs in _ORDERING:
        if verb := re.match(rf"{verbs}\b\s*", bare, re.IGNORECASE):
            refers = verb[0].strip().lower() == "refer"
            rest = re.sub(r"^(?:him|her|them|the patient|pt)\s+", "", bare[verb.end() :], flags=re.IGNORECASE)
            return _order_request(f"referral {rest}" if refers else bare[verb.end() :], action, ctx, bare)
    return None


def _switch(bare: str, ctx: ToolContext) -> DraftRequest | None:
    """One drug in place of another, as a change "A to B 5 mg daily"."""
    for verbs, joins, old_first in _SWITCHES:
        verb = re.match(rf"{verbs}\b\s*", bare, re.IGNORECASE)
        rest = bare[verb.end() :] if verb else ""
        for join in re.finditer(rf"(?:\s+|(?=[,;]))(?:{joins})\s+", rest, re.IGNORECASE):
            sides = (rest[: join.start()], rest[join.end() :])
            old, new = sides if old_first else sides[::-1]
            leaving = ctx.lexicon.find_mentions(old, ("medication", "drug_class"), fuzzy=False)
            coming = ctx.lexicon.find_mentions(new, ("medication",), fuzzy=False)
            if leaving and coming and not _LOOKED_UP.search(rest):
                arguments = {"order": f"{_bare_order(old)} to {_bare_order(new)}", "action": "change"}
                reason = _reason(new, ctx)
                return DraftRequest(
                    tool="draft_order", arguments={**arguments, **({"reason": reason} if reason else {})}
                )
    return None


def _order_request(rest: str, action: str, ctx: ToolContext, bare: str = "") -> DraftRequest | None:
    order = _bare_order(rest)
    order = _AS_BEFORE.sub("", order)
    if not order or _LOOKED_UP.search(order) or not _names_something(order, ctx):
        return None
    if bare and re.match(
        r"(?:get|give|repeat|continue|change|cut|hold|add on|request|cancel|lower|raise|up)\b", bare, re.IGNORECASE
    ):
        # Everyday verbs: "give me her potassium" asks for a look, "get a potassium" for a test.
        if re.match(r"(?:get|give|show)\s+(?:me|us)\b", bare, re.IGNORECASE):
            return None
    arguments = {"order": order, "action": action}
    if why := _reason(order, ctx):
        arguments["reason"] = why
    return DraftRequest(tool="draft_order", arguments=arguments)


def _bare_order(rest: str) -> str:
    """The words of an order without those around them."""
    order = re.sub(r"^(?:(?:him|her|them|the patient|pt(?! (?:and|or|consult|eval|ot|inr|ptt)\w*\b)|on|with|taking|treatment with|therapy with|a|an|the|some|up|down|another|his|her|their|patient's|giving)\s+)+", "", rest.strip(), flags=re.IGNORECASE)  # fmt: skip
    order = re.sub(r"[\s,]*\b(?:please|pls|thanks|thank you|thx|asap please)\W*$", "", order, flags=re.IGNORECASE)
    return re.sub(r"^(?:dose|dosage|order|prescription) (?:of|for)\s+", "", order, flags=re.IGNORECASE).strip(" ,:")


def _names_something(order: str, ctx: ToolContext) -> bool:
    """Whether the words name something that can be ordered."""
    from tools.drafts.services import FREE_SERVICE, find_services

    drug = ctx.lexicon.find_mentions(order, ("medication", "drug_class"))
    return bool(drug or find_services(ctx, order)) or FREE_SERVICE.search(order) is not None


def _reason(order: str, ctx: ToolContext) -> str:
    """The problem or symptom that an order is said to be for; a length of time is none."""
    found = _FOR_REASON.search(order)
    if found is None or not ctx.lexicon.find_mentions(found["why"], ("condition",)):
        return ""
    why = re.split(r"[,;.]| \bfor \d", found["why"])[0].strip()
    return "" if re.match(r"\d|(?:a|one|two|three|the next)\s+(?:day|week|month)", why) else why
