"""What a sentence wants done instead of answered: a change to the record, other patients' data, other rules."""

from __future__ import annotations

import re

from tools.concepts import Lexicon
from tools.untrusted.disguises import is_hidden, views

_I = re.IGNORECASE

# --- changes to the record ---------------------------------------------------------------------------------------------

_POLITE = (
    r"^\W*(?:(?:please|pls|kindly|ok(?:ay)?|now|then|and|also|so|just|hey|hi|hello|go ahead and|let'?s|be so kind to|make sure to|remember to|don'?t forget to)[\s,]+"
    r"|(?:can|could|would|will) you (?:please |just |also |kindly )*|(?:i|we) (?:want|need|would like|'?d like)(?: you)? to |i'?d like (?:you )?to |you (?:should|must|need to) |we should (?:just )?(?=start|stop|give|order))*"
)
_DRUG_VERB = r"(?:bump|crank|push|up|start|begin|initiate|prescribe|give|administer|inject|infuse|bolus|increase|decrease|raise|lower|reduce|double|halve|titrate|taper|wean|switch|change|stop|discontinue|d/?c|hold|pause|resume|restart|renew|refill|reorder|continue|put|load|uptitrate|transfuse)"
_DRUG_OBJECT = (
    r"\b(?:\d[\d.,]*\s*(?:mcg|µg|mg|g|gram|ml|units?|iu|meq|mmol|l|litres?|liters?|tabs?|tablets?|puffs?|drops?|amps?)\b|meds?|medications?|medicines?|drugs?|dos(?:e|es|age)|tablets?|pills?|drip|infusion|iv|fluids?|oxygen|o2|feeds?|transfusion|blood|plasma|platelets|prbcs?|antibiotics?|"
    r"insulin|steroids?|anticoagula\w+|painkillers?|analgesi\w+|chemo\w*|inhalers?|vaccine|script|prescription|diet|therapy)\b"
)
_HIM = r"\b(?:him|her|them|the patient|patient|pt)\b"
# "Start date of warfarin", "order of the values", "stop that and show me": the verb's form, not a deed.
_NOT_A_DEED = r"(?!\s+(?:dates?|times?|days?|reasons?|of\b|from\b|by\b|status|histor\w*|numbers?|points?|parameters?|over\b|during|between|again|with the|at the|in the (?:last|past)|since|me\b|us\b|looking|showing|from|here|there|on the same|to the (?:same|next|last|previous) (?:question|topic)))"
_ORDER = (
    rf"(?:(?:order|book|schedule|arrange|request|refer|cancel|reschedule|postpone|undo|pend){_NOT_A_DEED}\s+\w+|set up (?:an?|the|home|some|follow\S*)\s*\w+|put in (?:for|an? |the )\s*\w+|sign (?:him|her|them) up"
    r"|(?:consult|admit|discharge|transfer|intubate|extubate|page|call|ring|phone|refer|transport)\s+(?:an?|the|him|them|her(?=\W*$|\s+(?:to|from|home|now|today|tomorrow|in|at|as|and))|patient|pt|dr\b\S*|this patient)(?!\s+(?:summary|note|letter|date))"
    r"|take (?:him|her|them|the patient|pt) off|make (?:him|her|them|the patient|pt) (?:npo|dnr|dni|full code|inpatient|comfort care|nil by mouth|an? (?:inpatient|appointment)))"
)
_ORDER_NOUNS = r"^\W*(?:order|request|admit|discharge|transfer|consult|call|schedule|book|arrange)\s+(?:dates?|of|from|by|status|histor\w*|summar\w+|notes?|numbers?|diagnos\w+|medications? list|instructions?|weights?|meds|letters?|reports?|details?|list|and|or|times?|reasons?)\b"
_SORTS = r"\b(?:order|sort|arrange)\s+(?:them|these|those|it|this|that|the \w+)\s+(?:by|from|in|with)\b"
_EDIT = r"(?:delete|erase|remove|edit|correct|fix|amend|modify|update|change|mark|flag|add|insert|enter|record|document|chart|log|save|file|sign|co-?sign|approve|submit|overwrite|replace|set|clear|merge|unlink|hide|redact|backdate|resolve|move|rename|append|attach|upload|put|register|close|archive)"
_RECORD = (
    r"\b(?:charts?|records?|problem list|(?:med(?:ication)?|allergy|allergies|problem) lists?|lists?|allerg\w+|problems?|(?:that|this|the|last|her|his|a|discharge|progress|\w+'s) (?:\w+ )?(?:notes?|summary|entry|letter|report|order|form|consent|certificate)|address|phone(?: number)?|telephone|date of birth|dob|birth ?date|\w*name|"
    r"mrn|weight|height|gender|sex|marital status|race|insurance|next of kin|contact|code status|results?|entered in error|as (?:resolved|inactive|active|error|entered|done|completed|confirmed|reviewed|given)|diagnos[ie]s|status|value|appointments?|medications?|dose|blood pressure|bp|vitals?|temperature|pulse|consent\w*|dnr|dni|flowsheet|history|addendum|immuni[sz]ation|vaccine)\b|\b(?:that|of) (?:he|she|they|the patient)\b"
)
# What the words of the answer, not the record, are asked to be: a unit, a period, a list that was just shown.
_OF_THE_ANSWER = r"\b(?:to|in|into) (?:mg/d[lL]|mmol/[lL]|kg|lbs?|pounds|cm|inches|celsius|fahrenheit|percent|english|metric|si)\b|\b(?:units?|time ?frame|time ?window|date range|period|question|topic|subject|graph|plot|chart type|table)\b|\b(?:up|together) (?:her|his|the|all)\b|^\W*(?:mark|change)s?\s+(?:in|of|on|from|since)\b"
_SEND = r"(?:send|e-?mail|fax|forward|text|notify|message|inform|transmit|copy|share(?=.{1,60}\b(?:with|to)\b(?! (?:me|us)\b)))\s+(?!me\b|us\b|message|from|of\b|by\b|wh(?:at|en|o|ich|ere)\b|how\b)(?:\w+)|tell\s+(?:(?:the|her|his|their|my)\s+(?:\w+\s+)?(?:gp|pcp|doctor|physician|nurse|team|family|wife|husband|mother|father|son|daughter|pharmac\w+|surgeon|specialist|\w+ologist|patient)(?!['’])|him|her|them|dr)\b(?!\s+(?:whether|if|what|which|when|why|by how|how(?! to))\b)|write\s+(?:an?|the|her|him|them|up|out)\s+(?:\w+\s+){0,2}?(?:prescription|script|order|rx|referral|letter|sick note|certificate|note|message|email|progress note|addendum)\b|write (?:that|down that|in (?:her|his|the) (?:chart|notes?))\b"
_DEED = re.compile(rf"{_POLITE}(?:{_ORDER}|{_SEND})\b", _I)
_GET = re.compile(
    rf"{_POLITE}(?:get|have)\s+(?!(?:we|you|i|they|he|she|there|any\w*|it)\b)[^.?!]{{2,50}}\b(?:ordered|scheduled|booked|started|stopped|arranged|signed|sent|done|cancelled|discontinued|deleted|removed|changed|given)\b",
    _I,
)
_DOSE_DEED = re.compile(rf"{_POLITE}(?P<verb>{_DRUG_VERB}){_NOT_A_DEED}\s+(?P<what>[^?]+)", _I)
_EDIT_DEED = re.compile(
    rf"{_POLITE}(?P<verb>{_EDIT})(?!\s+(?:me|us|of|in|on|since|from|up|over|during|between|types?|dates?|times?|numbers?|titles?|authors?|#?\d{{4,}})\b)\s+(?P<what>[^?]+)",
    _I,
)


def asks_to_write(text: str, lexicon: Lexicon | None = None) -> bool:
    """Whether a sentence tells the assistant to order, change, sign or send something.

    A question about the same words ("was it stopped?", "start date of warfarin") does not.
    """
    text = re.sub(r"\bdouble[- ]?check", "check", " ".join(text.replace("’", "'").split()), flags=_I)  # doubles no dose
    polite = re.match(r"\W*(?:please|pls|kindly|can you|could you|would you|will you|go ahead)", text, _I) is not None
    if text.rstrip().endswith("?") and not polite:
        return False
    if re.search(_SORTS, text, _I) or re.match(
        r"\W*(?:change|increase|decrease|drop|rise|reduction)s?\s+(?:in|of|from|since|over)\b", text, _I
    ):
        return False
    if (_DEED.match(text) and not re.match(_ORDER_NOUNS, text, _I)) or _GET.match(text):
        return True
    if (match := _DOSE_DEED.match(text)) is not None and not re.search(_OF_THE_ANSWER, match["what"], _I):
        what = match["what"]
        named = lexicon is not None and any(
            t.kind in {"medication", "drug_class"} for m in lexicon.find_mentions(what, fuzzy=False) for t in m.targets
        )
        if (named or re.search(_DRUG_OBJECT, what, _I)) and not re.match(
            r"(?:give|continue)\s+(?:the|a|an|all|any|her (?:latest|last)|latest|list)\b(?!.{0,20}\bdose of)|\W*(?:(?:please|pls|kindly)\s+)+give\s+(?:the|a)\s+(?:\w+\s+){0,2}(?:list|reasons?|dates?|names?|details?|values?|results?|history|status|number|levels?)\b",
            text,
            _I,
        ):
            return True
        if (
            match["verb"].lower() in {"give", "put", "start", "switch", "wean"}
            and re.match(_HIM, what, _I)
            and re.match(r"\S+(?: patient)?\s+(?:on|off|to|an?|some|more|another|iv|po|\d)\b", what, _I)
        ):
            return True
    match = _EDIT_DEED.match(text)
    return (
        match is not None
        and re.search(_RECORD, match["what"], _I) is not None
        and not re.search(_OF_THE_ANSWER, text, _I)
    )


# --- many patients -----------------------------------------------------------------------------------------------------

_GROUP = r"(?:ward|unit|floor|clinic|practice|hospital|panel|caseload|cohort|census|registry|population|list|icu|department|service|system|database|facility)"
# "Over all clinic visits", "the whole hospital stay": of the open chart, by where its entries were made.
_OF_ONE_CHART = r"(?:(?:out|in)?-?(?:patient )?(?:visits?|stays?|admissions?|appointments?|attendances?|reviews?|contacts?|consult\w*|rounds?|days?|course|time|encounters?|notes?|letters?|documents?|reports?|progress|discharges?|summar\w+|entr\w+|readings?|values?|results?|measure\w*|levels?|vitals?|obs\w*|weights?|weigh-ins?|bps?|blood\w*|pressures?|labs?|numbers?|scores?|charted|charting|data ?points?|checks?|tests?|scans?|follow-?ups?|sessions?|phone|telephone|calls?|meetings?|plans?))"
_MANY = re.compile(
    rf"\bselect\s+(?:\*|[\w,. ]+)\s+from\b|\b(?:drop|truncate|alter|create)\s+(?:table|database|view)\b|\bdelete\s+from\s+\w+|\binsert\s+into\s+\w+|\bupdate\s+\w+\s+set\b|\bunion\s+(?:all\s+)?select\b|'\s*or\s+'?1'?\s*=\s*'?1|\bshow tables\b|\bpg_catalog|sqlite_master|information_schema"
    rf"|\b(?:our|my|your|their|these|those|all|other|which|every|any|most|both|two|three|\d+)\s+(?:other\s+|of (?:the|our|my)\s+|the\s+)?(?:\w+\s+)?(?:patients|inpatients|outpatients|pts|diabetics|hypertensives|smokers)\b(?!['’]s?\s+(?:chart|record))|\bpatients\s+(?:in|on|with|who|that|at|seen|have|under)\b|\b(?:each|every) (?:patient|chart|person)\b"
    rf"|\b(?:how many|which|what|other|all(?: the)?)\s+(?:other\s+)?(?:people|persons|individuals)\s+(?!lives?\b|living\b|(?:\w+ )?in (?:the|her|his|their) (?:household|house|home|family)|are in (?:her|his)|in (?:her|his))(?:\w+\s+){{0,2}}?(?:on|in|have|has|with|are|take|taking|here|had|got)\b|\bwho (?:on|in|at) (?:the|our|my|this) (?:unit|ward|floor|clinic|service|list|practice|icu|department)\b|\bin (?:our|the|my|this) (?:\w+ )?(?:population|panel|caseload|cohort|registry)\b|\b(?:find|list|show) others\b(?=\s+(?:with|on|who|like))|\bothers (?:with|on|who|like)\b|\b(?:the|ward|unit|today's|a) census\b|\badmissions (?:to|on) (?:the|our|this) (?:ward|unit|floor|hospital|icu)\b|\b(?:average|mean|median|rank|list|count)\b.*\b(?:on|in|of|at|across) (?:this|our|my) (?:whole |entire )?(?:ward|unit|floor|practice|panel|clinic|hospital|icu|service|department)\b|\bwho else\b(?!\s+(?:lives?|in (?:her|his|the) (?:family|household)|is in (?:her|his|the)|saw|treated|(?:was|were|is) (?:present|there|at|in|involved|with|on the (?:call|line))|attended|came|knows?|knew|helps?|visits?|visited|cares|looks|reviewed|prescribed|signed|wrote|has (?:seen|treated)))"
    rf"|\b(?:everyone|everybody)['’]s\b(?!\s+(?:\w+ )?(?:opinions?|views?|notes?|input|plans?|advice|thoughts|concerns?|role|involvement)\b)|\b(?:everyone(?!['’])|everybody(?!['’])|anyone else|anybody else|somebody else)\b(?!\s+(?:in (?:her|his|the) (?:family|household|home|team)|who (?:saw|treated|has (?:seen|treated)|prescribed|wrote|cares)|on (?:her|his|the) (?:care )?team|involved|at home))"
    rf"|\b(?:whole|entire|complete|full|all(?: of)? the|all)\s+(?:\w+['’]?s?\s+)?(?:{_GROUP}(?<!list)(?<!service)(?<!system)(?:['’]s)?(?!\s+{_OF_ONE_CHART}\b)|record store|charts|data ?base|patient (?:list|data|records)|medical records|charts)\b|\b(?:on|in|of|at)\s+(?:the|this|our|my)\s+(?:whole |entire )?(?:ward|unit|floor|practice|panel|caseload|cohort|registry|census|database|facility)\b(?=.*\b(?:who|which|list|how many|count|names?|everyone|people|patients|census|show|has|have|average|sickest)\b)"
    rf"|\b(?:names?|mrns?|identifiers?|dobs?)\s+(?:and|&|,)\s+(?:\w+\s+)?(?:names?|mrns?|identifiers?|dobs?|phone numbers|addresses|diagnos[ei]s)\s+of\b|\b(?:dump|export|download|extract|scrape|back ?up)\b[^.?!]{{0,30}}\b(?:database|record store|store|charts|records|tables?|all|every\w*|everything|whole|csv)\b|\b(?:patient list|list of patients|list patients|my patient list|ward list|census of)\b|\bacross (?:all|our|the) (?:patients|charts|cohort)\b|\bcohort of\b|\bpatients of (?:dr|doctor)\b|\b(?:dr|doctor)\.? [\w-]+'s (?:other )?patients\b|\b(?:table|spreadsheet|register|roster|index) of (?:the |all |our |my )?patients\b|\b(?:diabetics|hypertensives|asthmatics|epileptics|smokers|drinkers|inpatients|outpatients|admissions) (?:in|on|at|under|do|have) (?:the|our|my|this|we|you)\b|\bhow many (?:of )?(?:our|my) \w+",
    _I,
)  # fmt: skip
_IN_GENERAL = re.compile(
    r"\bguideline|\brecommend|\bevidence\b|\bok(?:ay)? for\b|\bsafe (?:for|in)\b|\bindicated\b|\bin general\b|\bin patients with\b(?=.*\b(?:guideline|target|dose|evidence|recommend))|\bfor (?:all )?patients with\b",
    _I,
)


def asks_for_many(text: str) -> bool:
    """Whether a question is about a group of patients or the whole store."""
    text = " ".join(text.replace("’", "'").split())
    return _MANY.search(text) is not None and not _IN_GENERAL.search(text)


# --- other rules -------------------------------------------------------------------------------------------------------

_RULES = r"(?:instructions?|prompts?|rules?|guidelines|guardrails?|directives?|directions|programming|restrictions|limits|constraints|safeguards|safety (?:rules|filters?|checks?)|filters?|polic(?:y|ies)|training)"
_TAMPER = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass|drop|overrule|break|discard|abandon|do not follow|don't follow|stop following)\b[^.?!]{{0,40}}\b(?:(?:previous|prior|earlier|above|your|all|any|the|these|those|system|safety)\s+(?:\w+\s+)?{_RULES}\b|{_RULES}\s+(?:above|you were given)\b)|\b(?:ignore|disregard|forget)\b\s+(?:everything|all|anything|what|whatever)\b[^.?!]{{0,30}}\b(?:you|told|above|before|said|earlier|previous)\b|\bforget (?:that )?you(?:'re| are)\b|\b(?:new|updated|changed) (?:rules?|instructions?|polic(?:y|ies)|directives?)\s*(?::|[-–—]\s)|\b(?:forget|ignore|drop|disable|remove|lift|bypass|turn off|switch off)\b[^.?!]{{0,20}}\b(?:binding|guards?|access (?:control|checks?|limits?|rights)|patient (?:scope|restriction|lock|limit|check))\b|\byou (?:may|can|are allowed to|are free to) (?:now )?(?:discuss|answer about|talk about|access|open|read) (?:any|all|other|every)\b|\bignore the chart\b"
    r"|\b(?:dan|developer|debug|god|admin|jailbreak|maintenance|unrestricted|sudo|root) mode\b|\bjailbr\w+|\byou are (?:now|no longer) (?!on\b|in (?:the )?(?:chart|room))|\bfrom now on\b[^.?!]{0,30}\b(?:you|your|answer|no (?:rules|restrictions))\b|\b(?:act|speak|answer|behave|respond|talk|write) (?:as|like) (?:if you|an? |the |dr\b|doctor |my |nurse )|(?:^|[.,;:!]\s*|\b(?:please|let'?s|can you|now|and)\s+)(?:pretend|imagine|role-?play)\b(?!\s+(?:that )?(?:she|he|they|her|his|him|them|the patient|pt|we)\b)(?!\s+(?:that )?(?:an? |the |serum |blood )*(?:creat\w*|cr|scr|alb\w*|a1c|hba1c|weight|bp|systolic|sodium|na|potassium|k|bili\w*|inr|glucose|sugar|urea|bun|[lh]dl|cholesterol|calcium|h(?:a)?emoglobin|hb|platelets?|\d[\d.,]* ?(?:mls?|cc|kg|mg|lit(?:re|er)s?|l|%))\b)|\blet'?s play\b|\bplay the role\b|\b(?:un(?:filtered|restricted|censored)|no (?:rules|restrictions|filters?|limits)|without (?:rules|restrictions|limits|filters?|guardrails))\b"
    r"|\b(?:turn|switch|shut) off\b[^.?!]{0,30}\b(?:verif\w+|check\w*|filters?|guard\w*|safety|citations?)\b|\b(?:disable|deactivate|skip|bypass)\b[^.?!]{0,30}\b(?:verif\w+|filters?|guard\w*|safety|citations?|access control|restrictions?)\b|\bverification is off\b|\bi (?:hereby )?(?:grant|authori[sz]e) you\b|\byour (?:\w+ )?(?:rules|guidelines|restrictions|guardrails) (?:no longer|do not|don't) apply|\bstop being\b|\bas (?:the|your) (?:system )?(?:administrator|developer|creator|owner)\b"
    r"|\b(?:system|hidden|base|secret|starting) (?:prompts?|messages?|instructions?|rules)\b|\b(?:initial|original|first) (?:prompts?\b|(?:messages?|instructions?|rules)(?=\W*$))|\b(?:system|safety|security) override\b|\bobey\b(?! commands)|\byour (?:\w+ )?(?:prompts?|instructions|rules|guidelines|system message|directives|programming|configuration|source code|api key|tools? (?:list|schema\w*|definition\w*)|context window|hidden reasoning|chain of thought)\b|\b(?:line|word|sentence|part|beginning) of your (?:prompt|instructions)\b|\bcat /|/etc/passwd|\bapi[ _-]?keys?\b|\b(?:repeat|print|output|show|reveal|quote|summari[sz]e|translate|copy|recite)\b[^.?!]{0,25}\b(?:(?:everything|text|words|all|the lines?) (?:above|before)|verbatim|hidden)\b|\brules you (?:were|are|have been) given\b|\bwhat (?:were|are) you (?:told|instructed|programmed|trained)\b|\bdecode (?:this|and|it)\b|\brepeat after me\b"
    r"|</?\s*(?:system|assistant|user|question|instructions?|tool\w*|context)\s*>|\[/?INST\]|<\|\w+\|>|\brole\s*:\s*(?:system|assistant|developer|tool)\b|[\"']role[\"']\s*:\s*[\"'](?:system|assistant|developer|tool)|(?:^|\n)\s*(?:system|assistant|developer)\s*:",
    _I,
)  # fmt: skip


def asks_for_other_rules(text: str) -> bool:
    """Whether a sentence wants the assistant's rules changed, shown or talked around, in whatever disguise."""
    return is_hidden(text) or any(_TAMPER.search(view.replace("’", "'")) for view in views(text))
