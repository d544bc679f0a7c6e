"""Numbers of a text as values: amounts with units, pairs, ranges, counts in words, doses per day, times of day."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from agents.verification.units import TIME_UNITS, unit_at

_WORD_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "a dozen": 12, "one": 1, "a single": 1, "single": 1, "zero": 0,
}  # fmt: skip
_ALONE = frozenset({"one", "a single", "single", "zero"})  # these are numbers only where something is counted
# What is counted, by the list that counts it; "any" fits every count.
_NOUNS = {
    "medication": r"medications?|meds|drugs?|prescriptions?|medicines?|agents?|antibiotics?|antihypertensives?|anticoagulants?",
    "order": r"orders?|refills?",
    "problem": r"problems?|conditions?|diagnos[ei]s|comorbidit(?:y|ies)|illnesses",
    "allergy": r"allerg(?:y|ies)|intolerances?",
    "visit": r"visits?|encounters?|admissions?|hospitali[sz]ations?|stays?|check-?ups?|appointments?|presentations?",
    "value": r"values?|results?|readings?|measurements?|levels?|troughs?|draws?|samples?|observations?|data ?points?|tests?|checks?",
    "procedure": r"procedures?|operations?|surger(?:y|ies)|endoscopies|colonoscopies|egds?|scans?|mris?|cts?|x-?rays?|echocardiograms?",
    "vaccination": r"vaccinations?|immuni[sz]ations?|vaccines?|shots?|boosters?",
    "note": r"notes?|documents?|letters?|summar(?:y|ies)",
    "report": r"reports?|studies",
    "device": r"devices?|implants?",
    "plan": r"care plans?",
    "conflict": r"contradictions?|conflicts?|discrepanc(?:y|ies)|disagreements?",
    "any": r"times|entries|entry|episodes?|occasions?|items?|records?|doses?|patients?|relatives?",
    "unit_of_drug": r"tablets?|tabs?|capsules?|caps?|puffs?|drops?|patch(?:es)?|sprays?|pills?|inhalations?|sachets?",
}  # fmt: skip
_NOUN = re.compile(
    r"\W{0,3}(?:[A-Za-z][A-Za-z-]*\W{1,2}){0,4}?(?:"
    + "|".join(f"(?P<{k}>{v})" for k, v in _NOUNS.items())
    + r")\b(?!-)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])(?<!\d,)[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\d)(?!\.\d)|(?<![\w.])\.\d+(?!\d)"
)
_WORD_NUMBER = re.compile(
    r"\b(?:(?P<tens>twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?P<ones>one|two|three|four|five|six|seven|eight|nine)"
    r"|" + "|".join(sorted(_WORD_NUMBERS, key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(
    r"(?<![\d:.-])\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?(?![\d:]|-\d)|(?<![\w.])\d{1,2}\s?[ap]m\b", re.IGNORECASE
)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)\b", re.IGNORECASE)
_PAIR = re.compile(r"(?<![\w./-])(\d{1,3}(?:\.\d+)?)\s?/\s?(\d{1,3}(?:\.\d+)?)(?![\w/]|\.\d)")
_APPROX = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|circa|ca\.?|nearly|almost|close to|just (?:over|under|above|below)|some|an? estimated|in the (?:neighbou?rhood|region|vicinity|range) of|on the order of|or so)|[~≈])\s*$",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"(?:\b(?:more than|over|above|greater than|exceed(?:s|ed|ing)?|higher than|in excess of|upwards of)|>)\s*$",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(r"(?:\b(?:at least|no less than|not less than)|≥|>=)\s*$", re.IGNORECASE)
_LESS = re.compile(r"(?:\b(?:less than|under|below|fewer than|lower than)|<)\s*$", re.IGNORECASE)
# "went up to 121" shows a value, "up to 121" bounds one.
_AT_MOST = re.compile(
    r"(?:\b(?:at most|no more than|not more than|(?<!went )(?<!gone )(?<!going )(?<!goes )(?<!moved )(?<!crept )(?<!came )(?<!rising )(?<!risen )up to)|≤|<=)\s*$",
    re.IGNORECASE,
)
_RANGE_JOINT = re.compile(r"^\s*(?:[-–—]|to|and)\s*$", re.IGNORECASE)
_STAGE = re.compile(
    r"\b(?:stage|grade|class|type|category|NYHA|ASA|KDIGO|CKD|POD|day|trimester|para|gravida|phase|step|figure|table)[\s-]{0,2}$",
    re.IGNORECASE,
)
_FREQUENCY = re.compile(
    r"\b(?:(?P<n>once|twice|thrice|(?:one|two|three|four|five|six|\d{1,2})(?:\s*[-–]\s*\d)?\s*(?:times|x|×))\s*(?:/|a|per|every|each|-)?\s*(?P<per>daily|day|d|nightly|weekly|week|wk|monthly|month)"
    r"|every\s+(?:(?P<every>other|\d{1,3}|two|three|four|six|eight|twelve)\s*[- ]?)?(?P<unit>hours?|hrs?|h|days?|weeks?|months?|morning|evening|night|bedtime|mornings|nights|evenings)"
    r"|q\.?\s?(?P<q>\d{1,2})\s?-?(?P<qunit>h(?:ours?|rs?)?|d(?:ays?)?|w(?:ee)?ks?)\b"
    r"|(?P<short>b\.?i\.?d\b|t\.?i\.?d\b|q\.?i\.?d\b|q\.?d\b|qhs|qam|qpm|qod|q\.?h\.?s\b|qday|qweek|nightly|once-daily|twice-daily|daily|weekly|monthly|biweekly|fortnightly|bedtime|each (?:morning|evening|night|day)|a day|per day|per week|a week))(?!\w)",
    re.IGNORECASE,
)  # fmt: skip
_SHORT_RATES = {
    "bid": 2, "tid": 3, "qid": 4, "qd": 1, "qhs": 1, "qam": 1, "qpm": 1, "qod": 0.5, "qday": 1, "qweek": 1 / 7,
    "nightly": 1, "once-daily": 1, "twice-daily": 2, "daily": 1, "weekly": 1 / 7, "monthly": 1 / 30, "biweekly": 1 / 14,
    "fortnightly": 1 / 14, "bedtime": 1, "each morning": 1, "each evening": 1, "each night": 1, "each day": 1,
}  # fmt: skip
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text. `comparator` is one of "", <, >, <=, >=; `counts` says what it counts, if anything."""

    start: int
    end: int
    text: str
    value: float
    digits: int = 0
    unit: str = ""
    second: float | None = None
    comparator: str = ""
    is_approximate: bool = False
    counts: str = ""
    in_range: bool = False
    label: str = ""  # of a stage or grade: "stage 3" is no amount
    is_age: bool = False
    sign: str = ""  # as written: "-" or "+"
    phrase: str = ""  # the words of what is counted: "emergency department visits"

    @property
    def is_duration(self) -> bool:
        """Whether it is an amount of time."""
        return self.unit in _TIME


_TIME = frozenset(TIME_UNITS.values())


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a drug is taken, in doses per day."""

    start: int
    end: int
    text: str
    per_day: float
    is_denied: bool = False  # "never daily"


_NOT_SO_OFTEN = re.compile(
    r"\b(?:never|not|no longer|rather than|instead of)\b[^.;,:]{0,20}$|n['’]t\b[^.;,:]{0,20}$", re.IGNORECASE
)


def find_frequencies(text: str) -> list[Frequency]:
    """The dose frequencies of a text."""
    found = []
    for match in _FREQUENCY.finditer(text):
        rate = _rate(match)
        if rate:
            denied = _NOT_SO_OFTEN.search(text, max(0, match.start() - 40), match.start()) is not None
            found.append(Frequency(match.start(), match.end(), match[0], rate, denied))
    return found


def _rate(match: re.Match[str]) -> float:
    if match["n"]:
        words = {"once": 1, "twice": 2, "thrice": 3, **_WORD_NUMBERS}
        head = match["n"].lower().split()[0].rstrip("x×")
        count = words.get(head) or (int(head) if head.isdigit() else 0)
        per = match["per"].lower()
        return count / (7 if per.startswith("w") else 30 if per.startswith("mo") else 1)
    if match["unit"]:
        every, unit = (match["every"] or "1").lower(), match["unit"].lower()
        count = 2 if every == "other" else _WORD_NUMBERS.get(every) or int(every)
        days = (
            30.0 if unit.startswith("month") else _DAYS.get(unit[0], 1.0)
        )  # a morning, night or bedtime comes once a day
        return 1 / (count * days) if count else 0.0
    if match["q"]:
        count = int(match["q"])
        return 1 / (count * _DAYS[match["qunit"][0].lower()]) if count else 0.0
    return _SHORT_RATES.get(
        match["short"].lower().replace(".", "").replace(" ", "") if "." in match["short"] else match["short"].lower(),
        0.0,
    )


def find_times(text: str) -> list[tuple[int, int, str]]:
    """Times of day, with the 24-hour form."""
    found = []
    for match in _TIME_OF_DAY.finditer(text):
        hours, _, rest = match[0].partition(":")
        hour = int(re.match(r"\d+", hours)[0])  # type: ignore[index]
        minute = int(rest[:2]) if rest[:2].isdigit() else 0
        lowered = match[0].lower()
        if "p" in lowered and hour < 12:
            hour += 12
        elif "a" in lowered and "m" in lowered and hour == 12:
            hour = 0
        if hour < 24 and minute < 60:
            found.append((match.start(), match.end(), f"{hour:02d}:{minute:02d}"))
    return found


def find_numbers(text: str) -> list[Number]:
    """The numbers of a text from which dates, times, codes and frequencies were blanked out."""
    pairs = {m.start(1): m for m in _PAIR.finditer(text)}
    found: list[Number] = []
    skip_to = -1
    for match in _NUMBER.finditer(text):
        if match.start() < skip_to or _ORDINAL.match(text, match.start()):
            continue
        pair = pairs.get(match.start())
        if pair is not None and _is_pressure(float(pair[1]), float(pair[2])):
            end, unit = unit_at(text, pair.end())
            made = Number(pair.start(), end, pair[0], float(pair[1]), 0, unit, second=float(pair[2]))
            skip_to = end
        else:
            sign, cleaned = "", match[0].replace(",", "").replace("−", "-")
            if cleaned[0] in "+-":
                sign, cleaned = cleaned[0], cleaned[1:]
            if len(cleaned) > 17:
                continue
            end, unit = unit_at(text, match.end())
            if not unit and end < len(text) and text[end].isalpha() and not re.match(r"[xX×]\b", text[end:]):
                if not re.match(r"[A-Ca-c]\b", text[end:]):  # "3B" is a stage; "5ASA" and "2D" are names
                    continue
            made = Number(match.start(), end, match[0], float(cleaned), len(cleaned.partition(".")[2]), unit, sign=sign)
            skip_to = end
        found.append(_described(text, made))
    found += _in_words(text)
    found.sort(key=lambda n: n.start)
    return _ranges(text, found)


def _described(text: str, made: Number) -> Number:
    before = text[max(0, made.start - 28) : made.start]
    if _STAGE.search(before) and not made.unit and not made.digits:
        label = _STAGE.search(before)
        suffix = text[made.end : made.end + 1]
        tail = suffix if re.match(r"[A-Ca-c]\b", text[made.end :]) else ""
        return replace(made, label=f"{label[0].strip(' .-').lower()} {made.text}{tail.lower()}")  # type: ignore[index]
    comparator = ""
    for pattern, sign in ((_AT_LEAST, ">="), (_AT_MOST, "<="), (_MORE, ">"), (_LESS, "<")):
        if pattern.search(before):
            comparator = sign
            break
    approximate = _APPROX.search(before) is not None
    counts, phrase = ("", "") if made.unit else _counted(text, made.start, made.end)
    behind = text[made.end : made.end + 16]
    is_age = made.unit == "a" and re.match(r"[\s-]*old\b", behind, re.IGNORECASE) is not None
    is_age = is_age or (
        not made.unit and re.search(r"\b(?:age|aged)\W{0,3}(?:of\s+)?$", before, re.IGNORECASE) is not None
    )
    return replace(
        made,
        comparator=comparator,
        is_approximate=approximate,
        counts=counts,
        phrase=phrase,
        is_age=is_age,
        unit="a" if is_age else made.unit,
    )


def _counted(text: str, start: int, end: int) -> tuple[str, str]:
    """What a number counts, and in which words: "two emergency department visits", "the number of visits is 5"."""
    match = _NOUN.match(text, end)
    between = match[0][: match.start(match.lastgroup or 0) - end] if match is not None else ""
    if match is not None and not re.search(
        r"[.;:,()\[\]|“”\"]|\b(?:and|or|of|in|on|was|is|at|to|from|for|by)\b", between
    ):
        kind = match.lastgroup or ""
        if kind == "any":
            kind = _by_verb(text, start)
            room = " emergency" if kind == "visit" and _EMERGENCY.search(text[max(0, start - 40) : start]) else ""
            return kind, match[0].lower() + room
        return kind, match[0].lower()
    if match is None and text[start:end].isdigit() and (other := _SOME_NOUN.match(text, end)) is not None:
        return "other", other[1].lower()
    ahead = _NUMBER_OF.search(text, max(0, start - 70), start)
    if ahead is None and text[end : end + 1] == ")":
        ahead = _NOUN_BRACKET.search(text, max(0, start - 50), start)
    if ahead is not None:
        noun = _NOUN.match(" " + ahead[1])
        if noun is not None:
            return noun.lastgroup or "", ahead[1].lower()
    return "", ""


# A plural that none of the lists knows: "3 miles", "12 cigarettes".
_SOME_NOUN = re.compile(
    r"\s((?!(?:includes|remains|shows|begins|falls|rises|drops|units|plus|versus|times|was|has|is|across|always|besides|needs|gives|means|minus|years)\b)[a-z]{3,}[a-rt-z]s)\b",
)
# "Active medications (2):"
_NOUN_BRACKET = re.compile(r"\b((?:[a-z-]+ ){0,2}[a-z-]+)\s\($", re.IGNORECASE)
_NUMBER_OF = re.compile(
    r"\b(?:number|count|total) of ((?:[a-z-]+ ){0,4}[a-z-]+)\s*(?:is|was|are|:|=|amounts to|totals|stands at)?\s*$",
    re.IGNORECASE,
)


_EMERGENCY = re.compile(r"\bE[DR]\b|\bemergency\b")


def _by_verb(text: str, start: int) -> str:
    """What "three times" counts, by the verb before it."""
    before = text[max(0, start - 40) : start]
    for counts, pattern in (
        ("visit", r"\b(?:admitted|hospitali[sz]ed|seen|visited|(?:been|went|gone|came|presented) to)\b"),
        ("value", r"\b(?:measured|checked)\b"),
        ("vaccination", r"\bvaccinated\b"),
    ):
        if re.search(pattern, before, re.IGNORECASE):
            return counts
    return "any"


# "one of them", "one recent result": not that there is one only.
_NO_COUNT = re.compile(r"\s+(?:of|recent|latest|other|further|more|such|relevant)\b", re.IGNORECASE)


_TIMES = re.compile(r"\b(?:re)?(?:admitted|hospitali[sz]ed)\s+(?P<n>once|twice|thrice)\b", re.IGNORECASE)


def _in_words(text: str) -> list[Number]:
    found = []
    for match in _TIMES.finditer(text):
        value = {"once": 1.0, "twice": 2.0, "thrice": 3.0}[match["n"].lower()]
        found.append(Number(*match.span("n"), match["n"], value, counts="visit", phrase="admitted"))
    for match in _WORD_NUMBER.finditer(text):
        word = match[0].lower()
        value = (
            _WORD_NUMBERS[match["tens"].lower()] + _WORD_NUMBERS[match["ones"].lower()]
            if match["tens"]
            else _WORD_NUMBERS[word]
        )
        end, unit = unit_at(text, match.end())
        unit = unit if unit in _TIME else ""
        counts, phrase = ("", "") if unit else _counted(text, match.start(), match.end())
        if not unit and not counts:
            continue
        if word in _ALONE and (not counts or unit):
            continue
        if word in _ALONE and _NO_COUNT.match(text, match.end()):
            continue
        made = Number(
            match.start(), end if unit else match.end(), match[0], float(value), 0, unit, counts=counts, phrase=phrase
        )
        found.append(_described(text, made) if unit else made)
    return found


def _is_pressure(upper: float, lower: float) -> bool:
    return 50 <= upper <= 300 and 20 <= lower <= 200 and upper > lower


_SAID_AGAIN = re.compile(r"\s*,\s*or\s*", re.IGNORECASE)  # "by 0.8, or 33%": the share says the change once more


def _ranges(text: str, found: list[Number]) -> list[Number]:
    """Numbers joined to a range, and units that are written once for several numbers."""
    result = list(found)
    for index in range(len(result) - 2, -1, -1):
        first, second = result[index], result[index + 1]
        between = text[first.end : second.start]
        joint = _RANGE_JOINT.match(between) is not None
        dash = (
            "-" in between
            or "–" in between
            or "—" in between
            or (second.text[:1] in "-−" and first.end == second.start)
        )
        if joint or (second.text[:1] in "-−" and not between.strip()):
            lead = text[max(0, first.start - 24) : first.start]
            ranged = (
                dash
                or second.text[:1] in "-−"
                or re.search(r"\b(?:between|ranged?|ranging|range of)\b[^.;]*$", lead, re.IGNORECASE) is not None
            )
            if second.text[:1] in "-−" and not between.strip():
                second = replace(second, text=second.text[1:], start=second.start + 1)
            result[index + 1] = replace(second, in_range=ranged)
            result[index] = first = replace(first, in_range=ranged)
        shared = joint or re.fullmatch(
            r"\s*(?:,|,?\s*(?:then|to|and|or|→|->|from|later|now|vs\.?|versus|compared (?:with|to)|up from|down from))+\s*",
            between,
            re.IGNORECASE,
        )
        if (
            shared
            and not first.unit
            and not first.counts
            and not first.label
            and second.unit
            and second.unit not in _TIME
            and not (second.unit == "%" and _SAID_AGAIN.fullmatch(between))
        ):
            result[index] = replace(first, unit=second.unit)
    return result
