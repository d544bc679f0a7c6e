"""A question as it was typed: greetings, chart shorthand, cue words."""

from __future__ import annotations

import re

from tools.concepts import Lexicon, common_words, tokenize

# Words that settle what kind of question it is, whatever else stands in the sentence.
CUES: dict[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{pattern})", re.IGNORECASE)
    for name, pattern in {
        "count": r"how many|number of\b|count\b|# of|how often|no\. of|times (?:has|was|did|were|\w+ed)\b|number$|tally",
        "extreme": r"how (?:high|low|far (?:up|down))|rock[- ]bottom|all[- ]time|fastest|slowest|heaviest|lightest|tallest|hottest|topped|max\b|(?<!\d )(?<!\d)min\b|maximum|minimum|highest|lowest|peak|nadir|worst|best\b|how (?:high|low) did|ceiling",
        "average": r"average|averag|avg|mean\b|median|typical",
        "trend": r"fallen|fell\b|risen|rose\b|climb(?:ed|ing)|creep|come (?:up|down)|trend|stable\b|coming (?:down|up)|going (?:down|up)|declin|improv|deteriorat|getting worse|changes? in\b|what has happened|evolv|heading|which way|direction|progress(?:ed|ion)|drift|gain(?:ed|ing)? weight|los(?:t|ing|e) weight|put on weight|been doing|drifting|curve\b|describe the|getting (?:better|worse)|improving|worsening|over time|over the (?:years|months|weeks)|through the years|trajectory|plot|graph|chart of|serial|longitudinal\w*|journey|swings?\b|(?:picture|profile|values|results|readings) over|how has|going (?:up|down)|rising|falling|course of|evolution",
        "previous": r"previous|prior\b(?! to \d)|before (?:that|the last|this)|second to last|penultimate|last but one|(?:2nd|second|third|3rd|next to) (?:last|most)",
        "first": r"first\b|earliest|initial\b|oldest|very start",
        "stop": r"stop|discontinu|c[ao]me off|not active|previously (?:taken|on|prescribed)|past (?:med|drug|prescri|script)|old (?:med|drug|prescri)|taken off|no longer|former\b|end(?:ed)?\b|past med|used to|previous med|previous drug",
        "start": r"start|began|begin|begun|initiat|commenc|since when|how long has|put on",
        "reason": r"why\b|reason|indication|what .{0,30}\bfor\b",
        "dose": r"dose\b|dosage|strength|how much\b|dosing|sig\b|how often does",
        "now": r"at present|currently|right now|at the moment|still\b|now\b|presently|these days|active\b|today\b|ongoing",
        "ever": r"ever\b|history of|hx of|past\b|previously",
        "allergy": r"allerg|react|intoleran|nkda|nka\b|hypersens|anaphyla",
        "note": r"notes?\b|(?:they|doctors?|clinicians?|anyone|somebody|someone) (?:write|document|chart)\b|documentation|narrative|wrote|written|write-?up|letter\b|(?:clinic|ward|per|the|dated) entry|entry (?:of|from|dated|for|on)\b",
        "conflict": r"conflict|discrepan|contradict|disagree|agree|mismatch|match\b|consistent|inconsisten|vs (?:the )?(?:record|notes|coded|structured)|correct\?|right\?",
        "family": r"family|relatives?\b|runs? in|fhx|fam hx|parents?\b|mother|father|sibling",
        "safety": r"can i (?:give|start|use|prescribe)|safe\b|ok(?:ay)? to|contraindic|should i avoid|any concerns|could (?:i|we) (?:give|start)|can (?:we|he|she|they) (?:take|have|get|be given)",
        "calculate": r"calculat|compute|work out|what.s missing|inputs|formula|equation",
        "what_if": r"suppos|imagin\w|hypothetical|let'?s say|were to\b|came back (?:at|as)|what if|what happens (?:to|if)|simulat|what would|predicted|if (?:the|his|her|we|he|she|they|i)\b|assum(?:e|ing)|with \w+ lowered|after (?:los|gain)ing|would (?:an?|the) .{2,30} (?:of|mean)",
        "guideline": r"guideline|recommend|evidence for|target for|goal\b",
        "normal": r"normal|within range|elevated|abnormal|in range|(?:is|was) .{0,40}\b(?:high|low|ok|okay)\b",
        "resolved": r"resolv|gone\b|over\b(?! (?:the|time|\d))|clear(?:ed)?\b|went away|recover|inactive|old problems",
        "onset": r"diagnos|onset|date of|when did|when was|what year",
        "vaccine": r"vaccin|vax|immuni[sz]|shot\b|shots\b|jab|booster|dose of",
        "care_plan": r"care ?plan",
        "where": r"where\b|what (?:city|town|state|hospital|clinic)|which (?:city|town|state|hospital|clinic)|place\b",
        "who": r"who\b|which doctor|attending|provider|clinician",
        "report": r"report\b|reports\b|findings|x-ray|imaging|what did .{0,40} show",
        "family_of_visits": r"visits?\b|encounters?\b|admi(?:t|ssion)|hospitali[sz]|er\b|ed\b|emergency (?:room|department|visit)|urgent care|check-?ups?|appointments?|seen\b|in hospital|stay\b|discharged",
        "change": r"compare|vs\b|versus|difference|changed?\b|before and after|since (?:starting|last)|delta|lost weight|gain",
        "device": r"devices?\b|implant|pacemaker|hardware|icd\b|defibrillator",
    }.items()
}
_GREETING = re.compile(
    r"^\s*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|dear \w+|excuse me|sorry|quick (?:one|question|q))(?: (?:there|team|all|again|doc(?:tor)?))?[\s,.!:-]+)+"
    r"(?:(?:this is|it's|its)?\s*(?:the\s+)?(?:pharmacy|pharmacist|nurse|nursing|ward|lab|icu|er|ed|theatre|physio|dietitian|gp|med student|student|resident|registrar|consultant)(?:\s+(?:pharmacist|nurse|sister|manager|clerk|doctor|physio|dietitian|student|registrar|resident|consultant|sho|reg))?\s*(?:here|calling|speaking)?[\s,.!:-]+)?",
    re.IGNORECASE,
)
_SHORTHAND = (
    (re.compile(r"\b(?:[A-Za-z]\.){2,}"), lambda m: m[0].replace(".", "")),
    (re.compile(r"\b(k|na|li|ca|mg|cl|hco3)2?[+-]+(?=$|[\s?.,;:/)])", re.IGNORECASE), lambda m: m[1]),  # "K+"
    (
        re.compile(r"\b(?:whn|wen|hw|wht|wat|hwo|wehn|hoe(?= (?:many|long|often|much)))\b", re.IGNORECASE),
        lambda m: {"hw": "how", "hwo": "how", "hoe": "how", "wht": "what", "wat": "what"}.get(m[0].lower(), "when"),
    ),
    (
        re.compile(r"\b(?P<has>have|has|had|of|got|with) ED\b(?=\W*$|\s+(?:listed|recorded|documented|on))"),
        lambda m: f"{m['has']} erectile dysfunction",
    ),
    (  # the heading of what is asked
        re.compile(
            r"^\W*(?:past )?(?:surgical|medical|immuni[sz]ation|vaccination|vaccine|procedure) (?:history|hx|record|status)\s*(?:[-–—]\s|:)\s*(?=\w+\W+\w)",
            re.IGNORECASE,
        ),
        lambda m: "",
    ),
    # "did he get vaccinated, rabies specifically": which of them is meant is no second ask
    (
        re.compile(
            r"\s*[,;–-]\s*(?P<which>[^,;.?]{2,40}?),? (?:specifically|in particular|especially|only)(?=\W*$)",
            re.IGNORECASE,
        ),
        lambda m: f" {m['which']}",
    ),
    (
        re.compile(
            r"\s*[,;–-]\s*(?:and )?(?:more )?(?:specifically|in particular|especially|namely)\s+(?=\w)", re.IGNORECASE
        ),
        lambda m: " ",
    ),
    (re.compile(r"\bform(?= (?:the )?\d{1,4}[-/ ]\w)", re.IGNORECASE), lambda m: "from"),
    (re.compile(r"\bph(?=\.? (?:no|nos|num|number|contact)\b)", re.IGNORECASE), lambda m: "phone"),
    (re.compile(r"\b(?:no|nr|num)\.? of\b", re.IGNORECASE), lambda m: "number of"),
    (re.compile(r"\bd/?c['’]?e?d (?=home|from|to\b|on the)", re.IGNORECASE), lambda m: "discharged "),
    (re.compile(r"\bd/?c['’]?e?d\b", re.IGNORECASE), lambda m: "discontinued"),
    (
        re.compile(r"\bd/?c\b(?=\s+(?:date|home|from|day|destination|to home|time)\b)", re.IGNORECASE),
        lambda m: "discharge",
    ),
    (
        re.compile(r"(?<!vitamin )(?<!vit )\ba\s*(?:&|\+|/|and|n)\s*e\b", re.IGNORECASE),
        lambda m: "emergency department",
    ),
    (
        re.compile(r"\bLOS\b|^\W*los\b(?=\W*$|.*\b(?:admission|stay|hospital|inpatient))", re.MULTILINE),
        lambda m: "length of stay",
    ),
    (re.compile(r"(?:^|\s)\d\)\s*"), lambda m: "; "),
    # "the worst, I mean the highest": what is put right stays beside what it puts right, and is no second ask
    (
        re.compile(
            r"[\s,;–-]*\bi mean(?:t)?(?: to say)?\b[\s,]*(?P<right>[^,;.?!]{2,40}),(?=\s+(?:his|her|their|the|that|he|she|they|has|was|is)\b)",
            re.IGNORECASE,
        ),
        lambda m: f" {m['right']}",
    ),
    (
        re.compile(r"[\s,;–-]*\b(?:i mean(?:t)?(?: to say)?|or rather|i should say)\b[\s,]*(?=\w|\W*$)", re.IGNORECASE),
        lambda m: " ",
    ),
    (re.compile(r"\bpmh?[xs]?h?x\b|\bpms?hx?\b", re.IGNORECASE), lambda m: "past medical history"),
    (re.compile(r"\b(?:drug|med(?:ication)?|meds|dr)\s*hx\b|\bdhx\b", re.IGNORECASE), lambda m: "medication history"),
    (re.compile(r"(?<![A-Za-z.])s\.\s*(?=[a-z])"), lambda m: "serum "),  # "s. calcium"
    (re.compile(r"\bat any (?:stage|point)\b", re.IGNORECASE), lambda m: "at any time"),
    # "presenting in 10 min": the asker's haste
    (
        re.compile(
            r"[\s,–-]*\b(?:\w+ing\s+|due\s+|needed\s+)?in\s+(?:\d{1,2}|five|ten|fifteen|a few|a couple of)\s+min(?:ute)?s?\b(?=\W*$)",
            re.IGNORECASE,
        ),
        lambda m: "",
    ),
    (re.compile(r"\bt[- ]?max\b(?! of)", re.IGNORECASE), lambda m: "maximum temperature"),
    (re.compile(r"\brxns?\b", re.IGNORECASE), lambda m: "reaction"),
    (re.compile(r"\bdx['’]?e?d\b", re.IGNORECASE), lambda m: "diagnosed"),
    (re.compile(r"\bh/o\b", re.IGNORECASE), lambda m: "history of"),
    (re.compile(r"\bf/?u\b", re.IGNORECASE), lambda m: "follow-up"),
    (re.compile(r"\bfhx?\b|\bfam(?:ily)? ?hx\b", re.IGNORECASE), lambda m: "family history"),
    (re.compile(r"\bs/p\b", re.IGNORECASE), lambda m: "status post"),
    (re.compile(r"\bc/o\b", re.IGNORECASE), lambda m: "complaining of"),
    (re.compile(r"\bd/t\b", re.IGNORECASE), lambda m: "due to"),
    (re.compile(r"\bn/v\b", re.IGNORECASE), lambda m: "nausea and vomiting"),
    (
        re.compile(
            r"\b(?:how (?:are|is|do)|what(?:'?s| is| are)? (?:happening|going on|up) with|state of|status of)\s+(?:his|her|their|the)\s+(?P<organ>kidney|liver|thyroid)s?(?=\W*$|\s+(?:doing|looking|working|now))(?:\s+(?:doing|looking|working))?",
            re.IGNORECASE,
        ),
        lambda m: f"{m['organ']} function",
    ),
    (
        re.compile(
            r"\b(?P<d>\d{1,2})(?:st|nd|rd|th)?[ -](?P<m>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*[ -]['’]?(?P<y>[0-3]\d)\b(?![\d:/.])",
            re.IGNORECASE,
        ),
        lambda m: f"{m['d']} {m['m']} 20{m['y']}",
    ),
    # "... and if she takes a statin": an indirect question, where nothing is supposed
    (
        re.compile(
            r"\b(?P<lead>and|tell me|know|check|see|confirm|ask|or)\s+if\s+(?P<who>he|she|they|the patient|pt)(?=\s+(?:is|has|was|had|takes?|got|gets|uses?|ever|currently|still)\b[^\d]*$)",
            re.IGNORECASE,
        ),
        lambda m: f"{m['lead']} whether {m['who']}",
    ),
    (
        re.compile(
            r"\b(?P<organ>kidney|liver|thyroid)s?\s+(?:ok(?:ay)?|fine|all ?right|good|holding up|working|doing)\b",
            re.IGNORECASE,
        ),
        lambda m: f"{m['organ']} function",
    ),
    (
        re.compile(
            r"\b(?P<who>who(?:'?s| is)?(?: (?:the|his|her|their))?|name of (?:the|his|her|their)|(?:his|her|their)) pcp\b(?! (?:prophyl|pneum))",
            re.I,
        ),
        lambda m: f"{m['who']} primary care doctor",
    ),
    (
        re.compile(
            r"\bthyroid (?P<form>dos(?:e|age)|pills?|tablets?|med(?:s|ications?|icines?)?|replacement)\b", re.IGNORECASE
        ),
        lambda m: f"levothyroxine {m['form']}",
    ),
    (re.compile(r"\bbloods\b", re.IGNORECASE), lambda m: "labs"),
    (re.compile(r"\blvls?\b", re.IGNORECASE), lambda m: "level"),
    (re.compile(r"\bc/w\b", re.IGNORECASE), lambda m: "consistent with"),
    (re.compile(r"\bw/o\b", re.IGNORECASE), lambda m: "without"),
    (re.compile(r"\bw/(?=\s|[A-Za-z])(?!o\b)\s*", re.IGNORECASE), lambda m: "with "),
    (re.compile(r"\bw(?=\s+[a-z])", re.IGNORECASE), lambda m: "with"),
    (re.compile(r"\badj\b\.?", re.IGNORECASE), lambda m: "adjusted"),
    (re.compile(r"\bcorr\b\.?", re.IGNORECASE), lambda m: "corrected"),
    (re.compile(r"\bdef\.?(?= an(?:a)?emia)", re.IGNORECASE), lambda m: "deficiency"),
    (
        re.compile(r"\b(?P<of>iron|b12|folate|zinc|vit(?:amin)? \w+)\s+def\b\.?", re.IGNORECASE),
        lambda m: f"{m['of']} deficiency",
    ),
    (
        re.compile(
            r"\b(?P<part>knees?|shoulders?|hips?|ankles?|wrists?)\s+(?P<done>scoped?|replaced)\b", re.IGNORECASE
        ),
        lambda m: f"{m['part']} {'replacement' if m['done'].lower() == 'replaced' else 'arthroscopy'}",
    ),
    (
        re.compile(
            r"\b(?P<organ>liver|hepatic|renal|kidney|abdominal|abdomen|abdo|thyroid|pelvic|breast|testicular|gallbladder|carotid|lung|leg|obstetric|growth|bladder|scrotal|neck|RUQ) (?:US|USS|U/S|u/s|uss)\b"
        ),
        lambda m: f"{m['organ']} ultrasound",
    ),
    (
        re.compile(
            r"\bscop(?:e|ed|ing) (?:his|her|the|their) (?P<part>knee|shoulder|hip|ankle|wrist)\b", re.IGNORECASE
        ),
        lambda m: f"do the {m['part']} arthroscopy",
    ),
    (re.compile(r"\bwt\b", re.IGNORECASE), lambda m: "weight"),
    (
        re.compile(
            r"\b(?P<of>legionella|pneumococcal|pneumo|strep\w*|cryptococcal|hep(?:atitis)? b(?: surface)?|rapid|covid|flu|urine|urinary) ag\b",
            re.I,
        ),
        lambda m: f"{m['of']} antigen",
    ),
    (re.compile(r"(?<=[\d%])\s*(?:->|→|=>)\s*(?=[A-Za-z])"), lambda m: " what would be the "),
    (re.compile(r"\bhosp\b\.?", re.IGNORECASE), lambda m: "hospital"),
    (re.compile(r"\bprev\b\.?", re.IGNORECASE), lambda m: "previous"),
    (re.compile(r"\bdisch\b\.?", re.IGNORECASE), lambda m: "discharge"),
    (re.compile(r"\b(?:adm|admn)\b\.?", re.IGNORECASE), lambda m: "admission"),
    (re.compile(r"\bprobs?\b(?= list|s\b)", re.IGNORECASE), lambda m: "problem"),
    (re.compile(r"\bdiff\b(?= (?:between|from|vs|since|to)\b)", re.IGNORECASE), lambda m: "difference"),
    (re.compile(r"\bhow many (?:mgs?|mcgs?|ugs?|grams)\b(?: of)?", re.IGNORECASE), lambda m: "what dose of"),
    (re.compile(r"\bhits?\b(?=\s+(?:\d|above|over|a |the |its ))"), lambda m: "reached"),
    (re.compile(r"\br(?:ight )?n(?:ow)?\b(?=\W*$)", re.IGNORECASE), lambda m: "now"),
    (re.compile(r"\batm\b", re.IGNORECASE), lambda m: "at the moment"),
    (
        re.compile(
            r"\b(?:wrt|re:|(?<=notes )re|(?<=note )re|(?<=letter )re|(?<=letters )re|(?<=anything )re|(?<=info )re)(?=\s)",
            re.IGNORECASE,
        ),
        lambda m: "about",
    ),
    (re.compile(r"\b(?:plz|pls|plse)\b", re.IGNORECASE), lambda m: "please"),
    (
        re.compile(
            r"\b(?P<part>ankle|wrist|knee|hip|shoulder|foot|hand|elbow|spine|chest|pelvic|rib) (?:plain )?films?\b",
            re.I,
        ),
        lambda m: f"{m['part']} x-ray",
    ),
    (re.compile(r"\bappts?\b", re.IGNORECASE), lambda m: "appointment"),
    (re.compile(r"\bA\s*&\s*E\b"), lambda m: "emergency department"),
    (re.compile(r"\bcare ?plans?\b", re.IGNORECASE), lambda m: "care plan"),
    (re.compile(r"\b([A-Za-z]{4,})(\d{1,2})\b"), lambda m: f"{m[1]} {m[2]}"),
    (re.compile(r"\b(hep|dtap|tdap|men)([ABC])\b"), lambda m: f"{m[1]} {m[2]}"),
    (re.compile(r"\bam i\b", re.IGNORECASE), lambda m: "is the patient"),
    (
        re.compile(
            r"\b(?:do|did|have|had|was|should) i\b(?! (?:give|start|use|prescribe|avoid|worry|order|need to know|write|put|enter|tick|fill|record|document|tell))",
            re.IGNORECASE,
        ),
        lambda m: {"do": "does", "have": "has"}.get(m[0].split()[0].lower(), m[0].split()[0].lower()) + " the patient",
    ),
    (re.compile(r"\bmy (?!patient|pt\b)(?=\w)", re.IGNORECASE), lambda m: "the "),
    (
        re.compile(
            r"^(?:the )?(?:pt|patient|family|she|he|they)(?: is| are|'s)? (?:asking|wondering|wants? to know|would like to know|enquiring)\b[,:]?\s*(?:about |if |whether )?",
            re.IGNORECASE,
        ),
        lambda m: "",
    ),
    (
        re.compile(
            r"^(?:please |pls |kindly )?(?:can|could|would|will) (?:you|someone|u) (?:please |pls |kindly )?(?:tell me|let me know|check|confirm|look up|find out|see|remind me|clarify|advise)\b[,:]?\s*(?:me )?",
            re.IGNORECASE,
        ),
        lambda m: "",
    ),
    (
        re.compile(
            r"^(?:i(?:'d| would) like to know|i need to know|i want to know|do (?:you|we) know|i wonder|any idea|just checking|just wondering|wondering|tell me|remind me|let me know)\b[,:]?\s*",
            re.IGNORECASE,
        ),
        lambda m: "",
    ),
)


def plain(text: str) -> str:
    """A question without its greeting, and with chart shorthand written out ("D.O.B.", "d/c'd", "h/o")."""
    shorter = _GREETING.sub("", text, count=1)
    text = shorter if len(shorter.split()) >= 2 else text
    for pattern, replacement in _SHORTHAND:
        text = pattern.sub(replacement, text)
    return text.replace("’", "'")


def cues_of(text: str) -> frozenset[str]:
    """The cue words of a sentence, by name."""
    return frozenset(name for name, pattern in CUES.items() if pattern.search(text))


def without_own_name(text: str, own: frozenset[str], lexicon: Lexicon) -> str:
    """The question with the open patient's name as "the patient": a name is no subject of a look-up.

    Two words of the name in a row, or one after a title or with a possessive, or one with a capital that means nothing
    else; "May" and "Rose" alone stay.
    """
    tokens = tokenize(text)
    runs: list[tuple[int, int, int]] = []
    for token in tokens:
        bare = re.sub(r"\d+$", "", token.norm)
        if not ({token.norm, bare} & own):
            continue
        joins = runs and re.fullmatch(r"[\s.,'’-]{1,3}(?:[A-Za-z]\.?\s+)?", text[runs[-1][1] : token.start])
        if joins:
            runs[-1] = (runs[-1][0], token.end, runs[-1][2] + 1)
        else:
            runs.append((token.start, token.end, 1))
    for start, end, count in reversed(runs):
        title = re.search(r"\b(?:mr|mrs|ms|miss|mister)\.?\s+$", text[:start], re.IGNORECASE)
        word = text[start:end]
        alone = word[:1].isupper() and word.lower() not in common_words() and not lexicon.knows_word(word.lower())
        if count < 2 and title is None and not alone:
            continue
        start = title.start() if title else start
        before, after = text[:start], text[end:]
        own_already = re.search(r"\b(?:the|this|our|my)\s+(?:patient|pt)[,:]?\s*$", before, re.IGNORECASE)
        text = f"{before}{'' if own_already else 'the patient'}{after}"
    return text
