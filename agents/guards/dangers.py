"""Whether somebody is in danger now: an acute sign told in the present, or an intention to do harm to oneself.

A chart is full of past collapses, seizures and attempts, and asking about them is what the tool is for. So a sign counts
only where it is told of the present: with a word for now or for minutes, or as a plain statement that is no question
and names no past.
"""

from __future__ import annotations

import re
from typing import Literal

Danger = Literal["emergency", "self_harm"]
_I = re.IGNORECASE

# A state that is told in the present by its own form.
_STATE = re.compile(
    r"\b(?:(?:is|are|was)?n[o']t breathing|not breathing|(?:(?:heart|breathing|he|she|baby|patient|pt|they)(?:'s| has| is)? )?(?:just )?stopped (?:breathing|beating|moving)|heart (?:has |just |has just )?stopped|eyes (?:are )?(?:rolled|rolling) (?:back|up)|(?:can'?t|cannot|couldn'?t) (?:get|secure) (?:an? )?(?:airway|pulse|tube in)|code blue|no longer breathing|can(?:'?t|not| not| barely| hardly)\s+(?:\w+ )?breathe?\b|(?:barely|hardly|struggling to|gasping|fighting to) breath\w*|gasping for (?:air|breath)|(?:is|'s|and) gasping|no heart ?beat|(?:going|gone|went) into (?:shock|cardiac arrest|vf|labou?r arrest)|(?:just|has just|suddenly) fainted|(?:is|went|gone|going|goes) (?:all )?(?:floppy|limp|lifeless|stiff and blue)|(?:gcs|coma score) (?:has |is |just |now |suddenly )*(?:dropp\w+|fall\w+|fell|down|crash\w+|went) (?:from \d+ )?(?:down )?(?:to )?\d|(?:just|suddenly) dropped to the (?:floor|ground)|(?:is|'s|and|started|starts) (?:jerking|shaking all over|fading)\b|(?:arm|leg|side|hand|face)s? (?:won'?t|can'?t|isn'?t|stopped|not) mov\w+|about to (?:pass out|arrest|code|crash)|no cardiac output|(?:starting|started|doing|giving) (?:chest )?(?:compressions|cpr)|pupils? (?:is |are |has |have |just |now )*(?:blown|blew|fixed and dilated)|(?:oxygen|o2|spo2|sats?|saturation) (?:is |are |at |of |in the )?[3-6]\ds?\b(?! ?(?:l\b|lit))"
    r"|(?:no|lost (?:the|his|her|a)|without a|can'?t (?:feel|find) (?:a|the|his|her|any)) pulse\b(?! (?:def|ox|diff))|pulseless|unresponsive\b(?! to (?!voice|pain|me|stimul))|(?:isn'?t|not|won'?t|stopped) respond(?:ing)?\b(?! to (?:treat|therap|medic|antib|insulin|diur|the (?:med|treat|drug)))"
    r"|unconscious|(?:won'?t|not|can'?t|cannot|isn'?t) (?:wak\w+|be woken|rous\w+)|passed out|(?:turn(?:ing|ed)|going|gone|went|looks?|is|are|(?:is|looks?|'s) \w+ and|face|lips?|fingers?) (?:all |very |completely )?(?:blue|gr[ae]y|cyanotic|purple)\b(?! (?:eye|hair|matter|zone))"
    r"|(?:throat|airway|tongue|lips?|face|neck|windpipe) (?:is |are |was )?(?:closing|closed up|swelling|swollen shut|tight(?:ening)?|puff\w+(?: up)?|ballooning)|wheezing (?:badly|hard)|stridor|chok(?:ing|es)\b|(?:is |are |'s |now |actively |still |keeps? |started |starting |been )(?:seizing|fitting|convulsing|coding|crashing|arresting|exsanguinating|bleeding out|h(?:a)?emorrhaging)"
    r"|\b(?:patient|pt|he|she) (?:seizing|convulsing|coding|crashing)\b|^\W*(?:seizing|convulsing|coding|crashing|peri-?arrest(?:ing)?)\b(?=\W*$|[!,.;]|\s+(?:now|for (?:\d+|a|over|more)|since|again|right|in (?:front|bed|bay|the|room)|please|pls|help|on (?:me|the|us)|and|what|bp|sats?)\b)|(?:is |'s |has |just |has just |pt |patient )(?:collapsed|arrested|coded|keeled over)|collapsed\b(?=[^.?]{0,40}\b(?:now|just|minutes?|not (?:moving|breathing)|no pulse|help)\b)|\bin (?:vf|vt|v-?fib|v-?tach|asystole|pea|cardiac arrest|full arrest)\b"
    r"|(?:soaked|covered|pool\w*|lying) (?:in|with|of) blood|not answering (?:me|us)|(?:found|is) hanging|hanging found|cutting (?:him|her|them) down|bleeding (?:out|to death|(?:from )?everywhere|heavily|profusely|uncontroll\w+)|(?:can'?t|cannot|won'?t) (?:stop|control) (?:the )?(?:bleed\w*|seiz\w*)|blood (?:is )?(?:everywhere|all over|pouring|spurting|gushing)|(?:vomit|cough|throw|spit)\w*(?: up)? (?:\w+ ){0,3}blood"
    r"|(?:crushing|severe|terrible|excruciating|tearing|worst) chest pain|chest (?:feels?|is) (?:crush\w+|tight|heavy|being crushed)|(?:face|mouth|smile)(?: (?:is|has|\w+))?(?: on (?:one|the \w+) side)? (?:droop\w*|dropp\w+|lopsided)|facial droop"
    r"|(?:can'?t|cannot|unable to|can no longer) (?:lift|move|raise|feel|speak|talk|see|swallow)\b(?: (?:the|his|her|my|their|one|an?|\w+))?|(?:speech|words) (?:is|are|has gone|have gone|suddenly) (?:slurred|garbled)|slurred speech|slurring\b"
    r"|(?:left|right|one)(?: side|-sided| arm| leg| hand)[^.?]{0,15}\b(?:weak|numb|paraly[sz]ed|dead|limp)\w*|(?:having|had|getting) (?:a |an )?(?:heart attack|stroke|seizure|fit|anaphyla\w+|cardiac arrest|allergic reaction|asthma attack)"
    r"|(?:took|taken|swallowed|ingested|drank|injected|overdosed on) (?:an? |the |his |her |all |about |over |nearly |at least )*(?:whole |entire |full )?(?:\w+ (?=bottle|box|pack|strip|tub))?(?:\d+|dozens?|handful|bottle|box|pack|strip|tub|too many|lots|all|bleach|antifreeze|(?:button |disc )?batter(?:y|ies)|magnets?|\w+ty)\b[^.?]{0,40}\b(?:tablets?|pills?|capsules?|bottle|box|pack|ago|now|just)?"
    r"|overdos(?:ed|ing)|sats? (?:of |are |is |at |in the )?[3-7]\d\b[^?]{0,30}\b(?:falling|dropping|and)\b|(?:bp|pressure) (?:is |of |at |now )?(?:[3-5]\d systolic|unrecordable|unmeasurable)|(?:bp|pressure|sats?|saturations?|heart rate|pulse) (?:is )?(?:crashing|dropping|falling fast|plummeting))",
    _I,
)  # fmt: skip
# A diagnosis that is only an emergency when it happens now.
_EVENT = re.compile(
    r"\b(?:cardiac arrest|heart attack|anaphyla\w+|stroke|seizures?|status epilepticus|(?:massive|torrential|catastrophic|uncontrolled|profuse|heavy) \w*\s*bleed\w*|h(?:a)?emorrhag\w+|h(?:a)?ematemesis|h(?:a)?emoptysis|torsades(?: de pointes)?|asystole|ventricular (?:fibrillation|tachycardia)|laryngospasm|aortic dissection|ruptured \w+|airway obstruct\w+|overdos\w+|respiratory arrest|tension pneumothorax|chest pain|drowning|electrocuted|stabbed|(?:been|got|was|is|just|gun) ?shot(?! (?:due|given|today|record))|poison\w*|allergic reaction|(?:big|huge|massive|major|arterial) bleed|shock|fell (?:from|down)|head injury|fit)\b",
    _I,
)
_NOW = re.compile(
    r"\b(?:right now|just now|now(?! (?:stopped|resolved|stable|well|controlled|settled|better|on|off|under|normal|improv\w+|heal\w+|treated|in the past|free|gone|seizure|asymptomatic)\b)|happening|at this (?:very )?moment|this (?:minute|second)|as we speak|in front of me|help(?! (?:me )?(?:understand|find|with the|summar))|hurry|(?:come|be|^\W*) ?quick(?:ly)?\b(?=\W*$|[!,])|quick(?:ly)?!|emergency!|(?:a |one |two |three |four |five |ten |fifteen |twenty |thirty |\d+ |few |several |half an |an |couple of )+(?:seconds?|secs?|minutes?|mins?|hour) (?:ago|already|back)"
    r"|(?:since|for|in the last|past) (?:the (?:last|past) )?(?:a |one |two |three |five |ten |\d+ |few |half an )+(?:seconds?|minutes?|mins?|hour)\b|what (?:do|should|can|shall) (?:i|we) (?:do|give)|what now|what next|starting (?:compressions|cpr)|cpr\b|which drug\b|sudden(?:ly)?|all of a sudden|just (?:took|swallowed|collapsed|started|stopped|fell|found|had|went|passed)|getting worse|won'?t stop)",
    _I,
)
# A question of the record: its form, or a word that places what it names in the past or on paper.
_ASKS = re.compile(
    r"^\W*(?:and |so |also |ok |please |hi |hello )*(?:when|was|were|did|does|do|has|have|had|any|how (?:many|often|long|much|old|was|were|did|has)|which|who|why|where|list|show|find|summari[sz]e|tell me|give me|is there|are there|what (?:was|were|did|is|are|happened|caused|does|medic\w+|date|time|day|about the))\b",
    _I,
)
_PAST = re.compile(
    r"\b(?:ever|no longer (?!breath|respond|conscious|awake)|since when|history|hx|pmh|previous(?:ly)?|prior|past (?!(?:few |\d+ )?(?:minute|second|hour))|last (?!(?:few |\d+ |five |ten |half )*(?:minute|second|hour))|document\w*|record(?:s|ed)?|notes?|reported|witnessed|charted|mention\w*|admi(?:ssion|tted)|visits?|episodes?|risk|scores?|family|father|mother|brother|sister|(?:19|20)\d\d|yesterday|years?|months?|weeks?|days?|was|were|did|had|diagnos\w+|"
    r"treated|resolved|chronic\w*|intermittent\w*|sometimes|on exertion|at night|usually|when (?:he|she|they) was|according|complain\w*|denie[sd]|code status|plan|protocol|guideline\w*|clinic|discharge|follow.?up)\b",
    _I,
)

_HARM = r"(?:kill|hurt|harm|hang|cut|drown|shoot|poison|starve|injure|burn|stab|overdose|end)"
_OWN_WISH = re.compile(
    rf"\b(?:i|i'?m|i'?ve|i'?ll|im|ive|me|myself)\b[^.?!]{{0,60}}\b(?:{_HARM}(?:\w?ing)? myself|suicid\w*|end(?:ing)? (?:it all|it\b|my (?:own )?life|things)|take my (?:own )?life|(?:want|wish|going|rather|plan\w*|ready|like|hoping|deserve)[^.?!]{{0,20}}\b(?:die|be dead|dead|disappear forever)\b|(?:do ?n.?t|dont|no longer|not) want to (?:live|be alive|be here|wake up|exist|go on)|can'?t (?:go on|take (?:it|this) any ?more|live like this)|cannot go on)"
    r"|\bi(?:'ve| have)? (?:just )?(?:taken|took) an? (?:overdose|od)\b|\bi(?:'m| am|'ll| will)? (?:going to |gonna |about to |just )?(?:take|swallow|down) (?:all|the whole|every|a handful)\b[^.?!]{0,25}\b(?:pills|tablets|meds|medication|bottle)\b|\b(?:better off (?:dead|without me)|nobody would miss me|(?:no|not (?:a|any)|\w+n'?t (?:see|have|find) (?:an?|any|the)) (?:reason|point) (?:to|in) (?:live|living|go on|going on|being here)|(?:life|living) (?:is ?n'?t|is not|is no longer|not) worth|tired of (?:living|being alive)|want to end it all|my (?:suicide|goodbye) (?:note|letter)|kill myself|hurt myself|harm myself)\b",
    _I,
)
_OTHERS_WISH = re.compile(
    rf"\b(?:want(?:s|ing)?|going|about|plan(?:s|ning)?|threat\w+|try(?:ing)?|tries|intend(?:s|ing)?|will|'ll|ready|wish(?:es)?|say\w*|said|told)\b[^.?!]{{0,50}}\b(?:to |will |would |'ll |is going to |wants to |he'?ll |she'?ll )?\b(?:{_HARM} (?:him|her|them)sel(?:f|ves)|(?:cut|slit|slash) (?:his|her|their) (?:own )?(?:wrists?|throat)|jump(?:ing)?(?: (?:off|from|out|in front)|(?=\W*$))|end (?:it all|it (?=tonight|today|now)|(?:his|her|their) (?:own )?life)|take (?:his|her|their) own life|die\b|commit suicide|overdose|shoot (?:him|her)self)"
    r"|\b(?:is|'s|she's|he's|patient|pt) (?:now |actively |acutely |currently |still )?suicidal\b|\b(?:has|holding|with) a (?:knife|gun|rope|noose|blade)\b",
    _I,
)
_MEANS = re.compile(
    r"\b(?:combination|mix|mixture|cocktail|amount)s? (?:of [^.?!]{0,40})?(?:is|are|would be|could be) (?:deadly|lethal|fatal)\b|\b(?:dose|doses|dosage|much|many|amount|quantity)\b[^.?!]{0,40}\b(?:is|are|would be|becomes?|counts as) (?:lethal|fatal|deadly)\b|"
    r"\b(?:lethal|fatal|deadly)\s+(?:dose|dosage|amount|quantity|overdose|combination|level)s?\b|\b(?:how (?:much|many)|what (?:dose|amount)|which (?:drug|pill|of (?:his|her|my|the|these|those)))\b[^.?!]{0,60}\b(?:to die|to kill|(?:would |could |will )?kill (?:me|him|her|them|some\w+|a person)\b|(?:would |could |will )?kill\b|be (?:fatal|lethal|enough to (?:die|kill))|be deadly|end (?:a|my|his|her) life|overdose on|(?:would |could |will )?stop (?:my|his|her|their|a|some\w+(?:'s)?) (?:heart|breathing)|end (?:his|her|my|their|all|the) suffering|(?:never|not) wake(?: up)?\b|put (?:him|her|me|them) (?:to sleep|down|out of (?:his|her|my|their) misery)|without (?:anyone|anybody|them|him|her) (?:notic\w+|know\w+|find\w+ out)|un(?:detected|noticed|traceable))"
    r"|\b(?:quickest|fastest|easiest|painless|best|surest|least painful|quiet)\w*\s+(?:and \w+ )?(?:way|method)s?\s+(?:to|of|for)\s+(?:die|dying|kill\w*|end\w*|suicide|commit\w*|overdos\w*|od\b)|\bhow (?:can|do|could|would|to)\b[^.?!]{0,20}\b(?:kill|hurt|harm|hang|poison) (?:my|him|her|them|your|one)sel(?:f|ves)\b|\b(?:can|could|would|will) (?:he|she|they|i|someone|somebody|you|a person) die (?:from|of|if|by|after)\b[^.?!]{0,40}\b(?:pills|tablets|capsules|units|swallow\w*|taking|overdos\w*)\b|\b(?:look|seem|appear) (?:like|as if|as) (?:it was )?(?:an? )?(?:accident\w*|natural (?:death|causes))|\benough to (?:die|kill\b|end it)|\b(?:hide|conceal)\b[^.?!]{0,20}\b(?:cuts|overdose|self.?harm)\b",
    _I,
)
_TOLD = re.compile(
    r"\b(?:ever|history|hx|previous(?:ly)?|prior|past|last (?:visit|time|year|admission|note|month|week)|document\w*|record(?:s|ed)?|notes?|screen\w*|phq\S*|c-?ssrs|risk|scores?|attempts?|attempted|denie[sd]|den(?:y|ying)|assess\w*|(?:19|20)\d\d|years? ago|months? ago|family|did|was|were|had)\b",
    _I,
)
# Where somebody would rather die is a plan of care.
_WHERE_TO_DIE = re.compile(
    r"\bwhere\b[^.?!]{0,40}\bdie\b|\bdie (?:at (?:home|peace)|in (?:hospital|hospice|peace|comfort|(?:his|her|their|the) (?:own )?(?:home|house|bed|hospice|hospital)))\b",
    _I,
)
_AT_ONCE = re.compile(
    r"\b(?:tonight|today|right now|now|this (?:evening|minute|afternoon|morning)|on (?:the|a) (?:roof|ledge|bridge|balcony|window ?sill|platform|tracks)|in the (?:waiting room|corridor|toilet|bathroom|room|hallway)|leaving|on (?:the|his|her) way|going to|about to)\b",
    _I,
)


def danger_in(text: str) -> Danger | None:
    """What danger a question speaks of as present, if any."""
    text = " ".join(text.replace("’", "'").split())
    if _MEANS.search(text) or (_OWN_WISH.search(text) and not _is_of_record(text)):
        return "self_harm"
    if _OTHERS_WISH.search(_WHERE_TO_DIE.sub(" ", text)) and (
        _AT_ONCE.search(text) or not (_ASKS.search(text) or _is_question(text) or _TOLD.search(text))
    ):
        return "self_harm"
    return "emergency" if _is_emergency(text) else None


def _is_of_record(text: str) -> bool:
    """Whether words of harm are asked for in the record ("do I have her suicide risk score")."""
    return (
        bool(_TOLD.search(text))
        and re.search(
            r"\b(?:myself|my (?:own )?life|want to die|i wish i (?:was|were)|overdose of|my (?:goodbye|suicide) (?:note|letter))\b",
            text,
            _I,
        )
        is None
    )


def _is_question(text: str) -> bool:
    return re.match(r"\W*(?:is|are|can(?!'t|not)|could|does|do|has|have|will|would|should)\b", text, _I) is not None


# A meal and its insulin, or a loss with its volume, that are only supposed: a question for the twin.
_SUPPOSED = re.compile(
    r"^\W*(?:and |so )?(?:what (?:if|happens if|would happen if)|if|suppos\w+|say)\b[^.?!]*\b(?:carb\w*|glucose|sugar|meal|units? of insulin|\d[\d.,]* ?(?:ml|mls|millilit\w+|cc|l|lit(?:re|er)s?|%|percent)\b)"
    r"|\bsimulat\w*\b|\b(?:run|use|ask) (?:the|a|his|her) (?:digital )?twin\b|\bhypothetical\w*\b",
    _I,
)


def _is_emergency(text: str) -> bool:
    if _SUPPOSED.search(text) and not _is_urgent(text):
        return False
    state, now = _STATE.search(text), _NOW.search(text) is not None or "!" in text
    past = _PAST.search(_NOW.sub(" ", text)) is not None
    if state is None:
        return _EVENT.search(text) is not None and now and not past and not _ASKS.search(text)
    if _ASKS.search(text) or (past and not _is_urgent(text)):
        return _is_urgent(text) and re.match(r"\W*what\b", text, _I) is None and not past
    return now or not (_is_question(text) or text.rstrip().endswith("?"))


def _is_urgent(text: str) -> bool:
    """Whether the present is named beyond doubt, whatever else the sentence tells."""
    return (
        re.search(
            r"\b(?:right now|just now|happening now|as we speak|help (?:me|us|him|her)?\s*(?:now|please|!)|(?:seconds?|minutes?|mins?) ago|what (?:do|should) (?:i|we) do|won'?t stop)\b",
            text,
            _I,
        )
        is not None
    )
