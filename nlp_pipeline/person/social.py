"""Smoking, alcohol and drug use by rule: status now, before or never, with amounts where they are given.

A scan of the folded text finds the words for a substance; the status is read from the clause around each of them, its
nearest cue first, so that "quit smoking, drinks socially, denies drugs" gives each substance its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from domain.facts import FactKind
from nlp_pipeline.layers import Finding, chart, entities, sentence_of
from nlp_pipeline.person.smoking import smoking_amounts
from nlp_pipeline.structure.sections import section_at

if TYPE_CHECKING:
    from spacy.tokens import Doc

_STARTS = re.compile(  # by first letter, so that most words are passed over after one comparison each
    r" (?:s(?:mok|ubstance\s[uam]|treet\sd)|a(?:lcohol)|t(?:ob(?:acco)?\b|eetotal)|c(?:igar|ocaine|annabis|hews\st)"
    r"|d(?:r[iau]nk|rugs?\b)|e(?:toh|thanol|x-?\s?(?:smok|drink))|n(?:icotin|on-?\s?(?:smok|drink|alcohol))|v(?:ap(?:e|ing)|odka)"
    r"|beer|w(?:ines?\b|hisk)|i(?:llicit\s|llegal\s|vd[uar]|v\sd|ntravenous\sd|njection\sd)|liquor|heroin|m(?:arij|eth\b|ethamph)"
    r"|opioid\s[am]|recreational\s|[-+](?:tob|etoh|alcohol|ivd|smok|drug))"
)
_TOBACCO = (
    r"(?:(?P<non>non|ex)-?\s?)?(?:smok(?:er|e|es|ed|ing)|tobacco|tob|cigarettes?|cigars?|nicotine|vap(?:er|es|ed|ing)"
    r"|chews(?=\s+tob))\b"
)
_ALCOHOL = (
    r"(?:(?P<non>non|ex)-?\s?)?(?:alcohol(?:ic\s+(?:drinks?|beverages?))?|etoh|ethanol(?=\s+(?:use|abuse|intake|consumption|ingestion))|drink(?:er|s|ing)?|drank|drunk|beers?"
    r"|wines?|liquor|vodka|whisk(?:e?y|ies)|teetotal(?:l?er|ism)?|alcoholic(?!\s*(?:liver|hepat|cirrh|steato|fatty|pancrea|beverage|cardio|keto)))\b"
)
_DRUGS = (
    r"(?P<non>(?!))?(?:(?:illicit|recreational|street|iv|intravenous|injection|illegal)\s+(?:substances?|drugs?)(?:\s+(?:use|abuse))?"
    r"|drugs?\s+(?:use|abuse)|drugs|ivd[ua]|ivdr|cocaine|heroin|marijuana|cannabis"
    r"|methamphetamines?|meth|opioid\s+(?:abuse|misuse)|substance\s+(?:use|abuse|misuse))\b"
)


class _Substance(NamedTuple):
    concept_id: str
    mention: re.Pattern[str]
    verb: re.Pattern[str]  # says by itself that it is used now
    past: re.Pattern[str]  # says by itself that it was used
    person: re.Pattern[str]  # someone who uses it


_SUBSTANCES = (
    _Substance(
        "tobacco_status",
        re.compile(rf"{_TOBACCO}"),
        re.compile(r"smokes|vapes|chews"),
        re.compile(r"smoked|vaped"),
        re.compile(r"smoker|vaper"),
    ),
    _Substance(
        "alcohol_use",
        re.compile(rf"{_ALCOHOL}"),
        re.compile(r"drinks(?!\s+(?:per|a|each|daily|on|/))"),
        re.compile(r"drank"),
        re.compile(r"drinker|alcoholic$"),
    ),
    _Substance(
        "drug_use_history", re.compile(rf"{_DRUGS}"), re.compile(r"uses"), re.compile(r"used"), re.compile(r"(?!)")
    ),
)

_CUES = re.compile(
    r"(?<![\w])(?:(?P<former>no\s+longer|former(?:ly)?|ex|previous(?:ly)?|prior|past|remote|reformed|quit|stopped|gave\s+up|given\s+up"
    r"|used\s+to|(?:history|hx)\s+of|h/o|discontinued|ceased|recover(?:ing|ed)|remission|abstinen(?:t|ce)\s+from|sober\s+from)"
    r"|(?P<never>never|nil|no|non|(?:(?:does|do|did|is|has|was|had|are)\s+)?not|denie[sd]|deny|denying|without|negative\s+for|doesn't|don't|didn't|neither|nor|abstains?|abstainer\s+from"
    r"|lifelong\s+non|life-long\s+non|absence\s+of|instead\s+of|rather\s+than)"
    r"|(?P<current>current(?:ly)?|active(?:ly)?|daily|heavy|heavily|everyday|every\s+day|occasional(?:ly)?|social(?:ly)?|ongoing"
    r"|continue[sd]?|still|regular(?:ly)?|rare(?:ly)?|chronic|positive\s+for|reports?|reported|endorses?|endorsed|admits?|admitted\s+to"
    r"|uses|using|abuses|smokes|drinks|consumes|injects|snorts|moderate|excessive|binge|known|avid|is\s+an?))"
    r"(?![a-z])|(?P<minus>(?<![\w-])-\)?(?=\s?$))|(?P<plus>(?<!\w)\+\)?(?=\s?$))|(?P<count>\b(?:\d+|an?|one|two|three|four|few)(?=\s$))"
)
_QUITS = ("quit", "stopped", "gave up", "given up", "used to", "no longer", "ceased")
_VERBS = frozenset(
    (
        *_QUITS,
        "smokes",
        "drinks",
        "uses",
        "consumes",
        "injects",
        "reports",
        "endorses",
        "admits",
        "continues",
        "abuses",
        "snorts",
    )
)
_NEXT = (
    r"(?:he|she|smokes|smoked|drinks|drank|quit|former|current|reports|reported|use[sd]|admits|endorses|occasional|occasionally|social|continues"
    r"|stopped|never|no|denies|denied|does|did|has|had|is|was|consume[sd]|a\s+(?:former|current))\b"
)
_CLAUSE = re.compile(
    rf";|\.\s|\s(?:but|however|although|though|while|whereas)\s|,\s+(?:and\s+)?(?={_NEXT})|\s(?:and|or)\s+(?={_NEXT})"
)
_FIELD = re.compile(
    r"\s*(?:use|usage|status|history|hx|abuse|intake|consumption|smoking|drinking|user?)?(?:\s*(?:/|and|or)\s*\w+)?\s*(?:[:=?]|--?|–|(?:given|recorded|noted|documented)\s+as)\s*(?:(?:status|current|pt|patient|he|she|lifelong|life-long)\s+)?(?:"
    r"(?P<former>former|quit|remote|past|prior|previous|ex\b|stopped|in\s+the\s+past|yes,?\s+quit|history\s+of|h/o|not\s+currently)"
    r"|(?P<never>never|none|no\b|denie[sd]|negative|nil|non|abstain|teetotal|does\s+not|n/a|0\b)"
    r"|(?P<current>current|active|yes|positive|occasional|daily|social|weekly|rare|every|some\s+day|light|heavy|moderate|smokes|drinks"
    r"|uses|\+|[1-9]|½|half|one|two|three|a\s))"
)
_AFTER = re.compile(
    r"(?P<never>\s+(?:use\s+|abuse\s+|history\s+)?(?:was\s+|is\s+|were\s+)?(?:denied|none|never|negative|absent|not\s+reported))\b"
    r"|(?P<former>\s+(?:use\s+|abuse\s+|history\s+)?(?:quit|stopped|in\s+the\s+past|formerly|in\s+remission|previously))\b"
    r"|(?P<current>\s+(?:use\s+|abuse\s+)?(?:daily|socially|occasionally|weekly|rarely|regularly|currently|every\s+day|on\s+weekends))"
)
_QUIT_LATER = re.compile(
    r"\b(?:quit|stopped|ceased|cessation\s+in|discontinued|gave\s+(?:it\s+)?up|in\s+the\s+past|until\b|abstinent\s+(?:since|for)"
    r"|sober\s+(?:since|for)|years?\s+ago|months?\s+ago|weeks?\s+ago|before\s+quitting"
    r"|remotely)\b(?!\s+(?:work|taking))"
)
_NOT_STATUS_BEFORE = re.compile(
    r"(?:second-?\s?hand|passive|environmental|exposure\s+to|exposed\s+to|advised|counsell?ed|counsell?ing|encouraged?|recommend\w*|avoid\w*"
    r"|should|risk\s+of|risks?|instructed|educat\w+|discuss\w*|refrain\w*|urged|if|abstain\s+from|abstention|screen\w*|energy|soft|sports?|sugary|caffeinated"
    r"|carbonated|able\s+to|tolerat\w+|allerg\w+\s+to|goal\s+is|plan\s+to|wants?\s+to|ready\s+to|help|rubbing|isopropyl|eat(?:ing|s)?(?:\s*(?:and|or|/)\s*)|blood|serum|parental|maternal|paternal"
    r"|unknown|port|uds|toxicology|tox|drug\s+screen|urine\s+drug\s+\w+)\b[^,.;]{0,30}$"
)
_NOT_STATUS_AFTER = re.compile(
    r"[\s-]*(?:cessation|counsel|exposure|smoke\b|screen|abstinence|withdrawal|allerg|wipe|swab|rub|pad\b|based|level|dehydrogenase|gel|stain|colou?red"
    r"|replacement|patch|gum|lozenge|inhalation|test|toxicology|water|coffee|tea\b|soda|milk|juice|fluids?|plenty|formula|well\b|poorly|from\s+(?:a\s+)?"
    r"(?:cup|bottle)|unknown|odou?r|smell|on\s+(?:his|her|the)\s+breath|therap|treatment|administration|infusion|regimen|monograph|not\s+(?:asked|documented|known)|\s*(?:status|history)?\s*(?:is\s+|was\s+)?unknown)"
)
_KIN = re.compile(
    r"\b(?:mother|father|husband|wife|brother|sister|parents?|partner|roommate|mom|dad|son|daughter|spouse|family|siblings?|uncle|aunt|friends?"
    r"|grand\w+|boyfriend|girlfriend|household|others)(?:'s)?\b[^,.;:]{0,40}$"
)
_PATIENT = re.compile(r"\b(?:he|she|patient|pt|but)\b")
_KIN_AFTER = re.compile(
    r"[^.;,]{0,20}\b(?:by|in|of)\s+(?:(?:his|her|the|their)\s+)?(?:mother|father|husband|wife|brother|sister|parents?|partner|home|house|family)\b"
)
_DRINK_CONTEXT = re.compile(
    r"\s*(?:alcohol|beer|wine|liquor|etoh|heav|daily|social|occasion|binge|problem|histor|habit|problem|on\s+week|[.,;]|and|or|/|$|\d)"
)
_DRINKING = frozenset(("drink", "drinks", "drinking", "drank"))
_SOFT = re.compile(
    r"(?:\s+(?!(?:alcohol|beer|wine|liquor|vodka|etoh|and|or)\b)[\w-]+){0,4}?\s+(?:water|coffee|teas?|sodas?|milk|juice|fluids?|formula|cola)\b"
)
_DRINK_BEFORE = re.compile(
    r"\b(?:quit|stopped|denie[sd]|no|not|never|heavy|binge|social|history\s+of|smok\w+\s*(?:,|and|or|/|nor)|excessive|alcohol|moderate|to)\s*$"
)
_DRUGS_BEFORE = re.compile(r"\b(?:us(?:es?|ed|ing)|no|denie[sd]|denying|do|does|any|or|and|nor|to)\s+$|/$")
_AMOUNT = re.compile(
    r"(?:\s+(?:approximately|about|up\s+to|around|only|more\s+than|less\s+than|at\s+least|over|roughly))?\s+(?:\d+(?:\.\d+)?(?:\s?(?:-|to)\s?\d+)?|half(?:\s+an?)?|an?|one|two|three|four|five|six|several|occasional)"
    r"(?:\s+[a-z-]+){0,4}?\s*(?:ppd|daily|(?:per|a|each|every|/)\s*(?:day|week|month|night|weekend|year|d\b|wk))|\s+[\d./]+\s?(?:ppd|packs?)\b"
)
_COUNTED = frozenset(("drinks", "beer", "beers", "wines", "cigarettes", "cigars"))
_COUNTS = frozenset(("a", "an", "one", "two", "three", "four", "few", *map(str, range(100))))
_SYMBOLS = {"minus": "never", "plus": "current", "count": "current"}
_ENDS_DENIAL = re.compile(r"\b(?:due\s+to|because|given|secondary\s+to|candidate|owing\s+to|attributed|related\s+to)\b")
_SPACES = re.compile(r"\s*")
_NEAR = 40  # characters between a cue other than a denial and what it is about
_HOW_OFTEN = re.compile(
    r"(?:\s+\w+){0,2}?\s+(?:occasionally|socially|rarely|regularly|daily|weekly|every\s+day|on\s+weekends)\b"
)
_WINDOW = 120
_LIST = 90  # characters over which one cue may govern a list


class SocialReader:
    """spaCy component: one status per substance and sentence, and amounts smoked, in `Doc._.chart.findings`."""

    def __call__(self, doc: Doc) -> Doc:
        layer = chart(doc)
        low = layer.folded
        seen: set[tuple[str, int]] = set()
        smoking: list[tuple[int, int]] = []
        for substance, mention in _mentions(low):
            begin, end = sentence_of(layer, mention.start())
            if (substance.concept_id, begin) in seen or _is_no_status(low, begin, mention):
                continue
            section = section_at(layer.sections, mention.start())
            if section and section.category == "family_history":
                continue
            found = _status_of(low, begin, min(end, len(low)), mention, substance)
            if found is not None:
                seen.add((substance.concept_id, begin))
                layer.findings.append(found)
                if found.concept_id == "tobacco_status":
                    smoking.append((found.start, found.end))
        if smoking:
            # "Former smoker" is one statement, not nicotine dependence beside it.
            found_before = entities(doc)
            for start, end in smoking:
                layer.suppressed.update(found_before.between(start, end))
        if smoking or "pack" in low or "ppd" in low:
            layer.findings += smoking_amounts(low)
        return doc


def _mentions(low: str) -> Iterator[tuple[_Substance, re.Match[str]]]:
    for start in _STARTS.finditer(" " + low):  # so that a first word follows a space too
        at = start.start() + (low[start.start()] in "+-")
        while at >= 0:
            found = next(((s, m) for s in _SUBSTANCES if (m := s.mention.match(low, at))), None)
            if found is None:
                break
            yield found
            at = found[1].end() + 1 if low.startswith("/", found[1].end()) else -1  # "alcohol/tobacco/drugs"


def _is_no_status(low: str, begin: int, mention: re.Match[str]) -> bool:
    """Whether the words are about someone else, advice, a laboratory value or water."""
    before = low[max(begin, mention.start() - 70) : mention.start()]
    kin = _KIN.search(before)
    if _NOT_STATUS_BEFORE.search(before) or (kin and not _PATIENT.search(kin[0])):
        return True
    if _NOT_STATUS_AFTER.match(low, mention.end()) or _KIN_AFTER.match(low, mention.end()):
        return True
    if mention[0] in _DRINKING and _SOFT.match(low, mention.end()):
        return True
    if mention[0] in {"drink", "drinking", "drunk"}:
        return not (_DRINK_BEFORE.search(before) or _DRINK_CONTEXT.match(low, mention.end()))
    if mention[0] == "drugs":
        return not (_DRUGS_BEFORE.search(before) or _FIELD.match(low, mention.end()))
    return False


def _status_of(low: str, begin: int, end: int, mention: re.Match[str], substance: _Substance) -> Finding | None:
    word = mention[0]
    field = _FIELD.match(low, mention.end())
    if field:
        value = field.lastgroup or ""
        amount = _AMOUNT.match(low, field.start(value) - 1) if value == "current" else None
        return _finding(substance, value, mention.start(), amount.end() if amount else field.end(), field[0])
    if mention["non"]:
        return _finding(substance, "never" if mention["non"] == "non" else "former", *mention.span(), word)
    if word.startswith("teetotal"):
        return _finding(substance, "never", *mention.span(), word)
    start, status, quote = _cue_before(low, max(begin, mention.start() - _WINDOW), mention.start())
    close = mention.end()
    if status == "never":
        return _finding(substance, status, start, close, quote)
    if quits := _quit_after(low, mention.end(), end, substance):
        return _finding(substance, "former", min(start, mention.start()), quits, "")
    after = _AFTER.match(low, mention.end(), end)
    if status == "current" and quote.isalnum() and quote in _COUNTS and word not in _COUNTED:
        start, status = mention.start(), ""
    if status:
        amount = _AMOUNT.match(low, close, end)
        return _finding(substance, status, start, amount.end() if amount else close, quote)
    if after:
        return _finding(substance, after.lastgroup or "", mention.start(), after.end(), after[0])
    amount = _AMOUNT.match(low, close, end)
    close = amount.end() if amount else close
    is_perfect = low.endswith(("has ", "have "), 0, mention.start())  # "has smoked for 20 years" and still does
    if substance.verb.match(low, mention.start()) or substance.person.match(word) or amount or is_perfect:
        return _finding(substance, "current", mention.start(), close, word)
    if substance.past.match(word) and _HOW_OFTEN.match(low, close, end):
        return _finding(substance, "current", mention.start(), close, word)  # the tense of a report, not of a past
    if substance.past.match(word):
        return _finding(substance, "former", mention.start(), close, word)
    return None


def _cue_before(low: str, begin: int, end: int) -> tuple[int, str, str]:
    """Start, status and words of the cue that governs a mention: the nearest, or a denial that reaches over it."""
    clause = begin
    for split in _CLAUSE.finditer(low, begin, end + 12):  # a split looks at the words after it
        if split.end() <= end:
            clause = split.end()
    cues = list(_CUES.finditer(low, max(clause, end - _LIST), end))
    for cue in reversed(cues):
        if cue["never"] and _ENDS_DENIAL.search(low, cue.end(), end):
            break
        status = _SYMBOLS.get(cue.lastgroup or "", cue.lastgroup or "")
        if status == "never":
            return cue.start(), "never", cue[0]
        if cue[0] in _VERBS:
            break
    if not cues or end - cues[-1].end() > _NEAR:
        return end, "", ""
    last = cues[-1]
    if len(cues) > 1 and cues[-2]["former"] and last["current"] and last.start() - cues[-2].end() <= 2:
        return cues[-2].start(), "former", cues[-2][0]  # "former heavy smoker", "history of using"
    return last.start(), _SYMBOLS.get(last.lastgroup or "", last.lastgroup or ""), last[0]


def _quit_after(low: str, begin: int, end: int, substance: _Substance) -> int:
    """The end of "..., quit in 2005" after a mention, 0 without one; another substance in between ends the search."""
    stop = min(end, begin + 110)
    quits = _QUIT_LATER.search(low, begin, stop)
    if quits is None:
        return 0
    between, after = low[begin : quits.start()], _SPACES.match(low, quits.end())
    others = [s for s in _SUBSTANCES if s is not substance]
    if ";" in between or any(
        s.mention.search(between) or (after and s.mention.match(low, after.end())) for s in others
    ):
        return 0
    return quits.end()


def _finding(substance: _Substance, status: str, start: int, end: int, quote: str) -> Finding:
    """The status in words: "former smoker"; for alcohol and drugs "denies" says none now, not never."""
    if substance.concept_id == "tobacco_status":
        value = f"{status} smoker"
    else:
        value = "none" if status == "never" and "never" not in quote else status
    kind = FactKind.SOCIAL_HISTORY
    return Finding(start, end, kind, substance.concept_id, value, status == "never", status == "former")
