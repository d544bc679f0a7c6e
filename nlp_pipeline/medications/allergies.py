"""Allergies and intolerances: agents with their reactions, and the statement that there are none.

An agent is read where a cue points at it ("allergic to", "... allergy", "could not tolerate") or in an allergy section.
A list shares its cue, each item keeps its own reaction. What the patient tolerates is no allergy. An intolerance is a
fact of the same kind; its value says "intolerance" where no reaction is named.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from domain.facts import FactKind
from nlp_pipeline.layers import Chart, Finding, IntervalSet, Reaction, chart, entities, sentence_of

if TYPE_CHECKING:
    from spacy.tokens import Doc

NONE_KNOWN = "no_known_allergies"
_AGENTS = frozenset({"allergen", "medication", "drug_class"})
# What the cues are searched by: their first letters, or what those with a prefix have behind it.
_STEMS = ("allerg", "toler", "nk", "anaphyla", "sensitiv", "reaction", "hives", "rash", "angioedema", "adr", "adverse")
_PREFIXED = {"toler": "in", "sensitiv": "hyper"}
_CUE = re.compile(
    r"\b(?:nk(?:d|m|f)?a\b|allerg(?:y|ies|ic|ens?)\b|(?:in)?toler(?:an(?:t|ce)|ates?|ated|ating)\b|anaphyla(?:xis|ctic)\b"
    r"|hypersensitiv(?:e|ity)\b|reactions?\s+to\b|sensitiv(?:e|ity)\s+to\b|(?:hives|rash|angioedema)\s+(?:to|from)\b"
    r"|adrs?\b|adverse\s+(?:drug|medication)\s+(?:reactions?|events?)\b)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\bno\b|\bdenie[sd]\b|\bdenying\b|\bwithout\b|\bnil(?:\s+by\s+way\s+of)?\b|\bzero\b|\bha(?:s|ve)n['’]t\b|\bnot\s+(?:(?:known\s+to\s+)?have|had|report|reported|aware\s+of)"
    r"|\bnever\s+had\b|\bnegative\s+for\b|\bfree\s+(?:of|from)\b|n['’]t\s+have|\bneither)(?:[\s,/]+(?:any|an|a|known|other|history|of|hx|significant"
    r"|reported|documented|prior|previous|past|personal|true|h/o|drugs?|meds?|medications?|medicines?|foods?|environmental|seasonal|or|and"
    r"|nor|having|to|latex|contrast|adverse|identified|active)){0,9}[\s,/]*$",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\bother\b", re.IGNORECASE)
_ANY = re.compile(
    r"\s+(?:to\s+(?:any\s+)?(?:known\s+)?(?:medications?|drugs?|medicines?|foods?|meds|anything|antibiotics\b(?!\s*[(,])|substances?|report)"
    r"(?:(?:\s+or\s+|\s+and\s+|/)(?:medications?|drugs?|medicines?|foods?|meds))?|of\s+(?:any\s+(?:kind|sort|type|description)|note))\b",
    re.IGNORECASE,
)
_ANY_DRUG = re.compile(
    r"\s+(?:any\s+(?:known\s+)?(?:medications?|drugs?|medicines?|foods?|substances?)|anything)\b", re.IGNORECASE
)
_EXCEPT = re.compile(
    r"[\s,;(]*(?:except(?:ing)?(?:\s+(?:for|to))?|other\s+than|apart\s+from|besides|aside\s+from|with\s+the\s+exception\s+of"
    r"|save\s+for|but(?:\s+(?:is\s+)?(?:allergic|intolerant)\s+to|\s+for)?)\s+",
    re.IGNORECASE,
)
# "Allergies reviewed with patient, none": what may stand between the word and what is said of it.
_BETWEEN = (
    r"(?:(?:status|history|hx|list|review(?:ed)?|check(?:ed)?|screen(?:ing)?|section|box|field|recorded|noted|given|marked|ticked"
    r"|left|verified|confirmed|stated|asked|with|the|pt|patient|per|as|by|he|she|they|says?|states?|reports?)\b[\s,]*)"
)
# "None" may go on ("none per wife", "none noted at triage"), but not to what is new, or to one agent.
_NONE_AT_ALL = (
    r"(?:none|nil)\b(?:\s+(?:known|reported|documented|listed|stated|recorded|ticked|declared|disclosed|noted|of\s+note|today"
    r"|at\s+all|whatsoever))*(?!\s+(?:to\s+(?!speak|report|note)|new|others?|else|added|changed|of\s+(?:the|which|them)|since|in\s+the"
    r"\s+family|needed|required|seen|after)\b)"
)
_NONE_AFTER = re.compile(
    rf"\s*(?:/\s*(?:adrs?|intolerances?|sensitivities)\b\s*)?{_BETWEEN}{{0,5}}(?:\((?!\s*(?:none|nil|no\b))[^)\n]{{0,20}}\)\s*)?"
    rf"(?:[:=\-–(?]+>?|→|\.\.+|\bare\b|\bis\b|\bwere\b|\bha(?:ve|s)\s+been\b)?\s*{_BETWEEN}{{0,4}}[\"'“‘]?(?P<none>{_NONE_AT_ALL}"
    r"|(?:zero|0|ø|nkd?a|no\s+known(?:\s+(?:drug|food|medication)s?)*(?:\s+allerg(?:ies|y))?|denie[sd]|neg(?:ative)?"
    r"|not\s+known|n/a|no?)(?=[\"'”’]?\s*(?:[.,;)\n]|$)))",
    re.IGNORECASE,
)
_NONE_IN_SECTION = re.compile(
    r"[\s:\-–*•]*(?P<none>none(?:\s+(?:known|reported|documented|listed))?|nil(?:\s+known)?|no(?:ne)?|negative|denie[sd]"
    r"(?:\s+any)?|n/a|not\s+known)\b(?!\s+(?:to|known|drug|food|medic|aller))\s*(?=[.,;\n]|$)",
    re.IGNORECASE,
)
_NOT_ANY = re.compile(
    r"\s+to\s+(?:any\w*|none|nothing|no\s+(?:known\s+)?(?:drugs?|medications?|foods?))\b", re.IGNORECASE
)
_NOT = re.compile(
    r"\b(?:not|never|n['’]t|denies\s+being)\s+(?:known\s+to\s+be\s+|(?:think|believe)\s+(?:he|she|they)(?:\s+is|\s+are|['’]s)\s+)?$",
    re.IGNORECASE,
)
_OF_ONE_KIND = re.compile(r"\b(?:foods?|latex|environmental|seasonal|contrast|insect|pet)\s+$", re.IGNORECASE)
_ALLERGIC_NO = re.compile(r"\s*(?:to\b\s*)?[:=?\-–]+\s*(?:none|nothing|nil|no?)(?=\s*(?:[.,;)\n]|$))", re.IGNORECASE)
_LEAD = re.compile(
    r"\s*(?:reactions?\s*)?(?:\(?s\)?\s*)?(?:\s(?:to|of|includ\w+|are|is|was|from|with|after|for)\b|:)"
    r"(?:\s+(?:the|her|his|a|an|all|multiple|several|following|drugs?|medications?|both|include|includes|including|is|are|to|iv"
    r"|oral|po|topical|use\s+of|administration\s+of|taking)\b)*[\s:]*",
    re.IGNORECASE,
)
_NOT_TOLERATED = re.compile(
    r"\b(?:could\s*n[o'’]t|can\s*n[o'’]?t|unable\s+to|did\s*n[o'’]t|does\s*n[o'’]t|do(?:es)?\s+not|did\s+not|could\s+not"
    r"|can\s?not|not\s+able\s+to|never|inability\s+to|has\s+not|had\s+not|not|poorly)\s+(?:be\s+able\s+to\s+|been\s+able\s+to\s+|well\s+)?$",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"\s+(?:(?:the|his|her|any|an?|oral|iv|po|of|trial|high|higher|low|dose|doses|either|full)\s+)*", re.I
)
_ANY_REACTION = (
    "allerg",
    "adr",
    "adverse",
)  # "no known ADRs" denies allergies; "no ADRs since the new tablet" does not
_OF_ONE = re.compile(r"\s+(?:to|of)\b")
_OF_ONE_DRUG = re.compile(r"\s+(?:to|from|with|on|since|after|during|of|while)\b(?!\s+(?:record|file))", re.IGNORECASE)
_NEXT = re.compile(
    r"\s*(?:[,;/&+\n]|\band\b|\bor\b|\bas\s+well\s+as\b|\bplus\b|[-*•]|\d{1,2}[.)])"
    r"(?:\s*(?:and|or|to|also|both|[-*•]|\d{1,2}[.)]|possibly|other|oral|iv)(?![a-z]))*\s*",
    re.IGNORECASE,
)
_BEFORE_CUE = re.compile(r"[\s-]*(?:\([^)\n]{0,30}\)\s*)?", re.IGNORECASE)
_NOT_AN_ALLERGY = re.compile(
    r"\s*(?:[/-]?\s*(?:tests?|testing|panels?|skin|specific|clinic|referral|work-?up|evaluation|desensiti\w+|screen\w*|shots?"
    r"|immunotherapy|medications?|medicine\b|rhinitis|asthma|season)|to\s+be\b)",
    re.IGNORECASE,
)
_REACTION = re.compile(
    r"\s*[®™]?\s*(?:allerg(?:y|ies)\s*)?(?:\(\s*(?:reactions?\s*[:=]\s*|causes\s+|caus(?:ed|ing)\s+)?(?P<inner>[^()\n]{2,60})\)"
    r"|\[\s*(?:reactions?\s*[:=]\s*)?(?P<square>[^\[\]\n]{2,60})\]"
    r"|(?:-{1,2}>?|→|:|=|–|—)\s*(?:reactions?\s*[:=]\s*)?(?P<dash>[A-Za-z][^,;.\n()]{1,50})"
    r"|,?\s*(?:which\s+|that\s+|both\s+|(?:which|that)\s+both\s+|it\s+)?(?P<verb>causes?|caus(?:ed|ing)|gives?\s+(?:him|her)"
    r"|gave\s+(?:him|her)|resulting\s+in|results\s+in|resulted\s+in|leading\s+to|manifest(?:ed|ing|s)?\s+(?:as|by|with)"
    r"|with\s+(?:a\s+)?reactions?\s+of|reactions?\s*:?\s*(?:is|was|of)?|due\s+to|because\s+of|develop(?:s|ed|ing)|with)\s+"
    r"(?P<cause>[A-Za-z][^,;.\n()]{1,50}))",
    re.IGNORECASE,
)
_COMMA_REACTION = re.compile(r"\s*,\s*(?P<reaction>[A-Za-z][A-Za-z /-]{2,40}?)\s*(?=[;.\n]|$)")
_TRIM = re.compile(
    r"\s+(?:but|and\s+(?:is|has|was|takes|she|he|no|also)|however|per|in\s+the\s+past|on\s+\d).*$", re.IGNORECASE
)
_TOLERATES = re.compile(
    r"\b(?:tolerat(?:es|ed|ing|e)|ok\s+with|okay\s+with|fine\s+with|has\s+taken)\b[^.;\n]{0,40}$", re.I
)
_FILLER = re.compile(
    r"[\s\"'(]*(?:(?!(?:but|was|is|given|on|no|not|takes?|taking|took|received|has|had|uses?|denies|with|for|started|treated)\b)[a-z][a-z-]*\s+){0,2}[\"']?",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:he|she|patient|pt|they|who)\s+(?:is|was|are|has|reports|reported)(?:\s+(?:a|an|very|highly|being|known|to|be))*\s+$",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:mother|father|brother|sister|siblings?|parents?|son|daughter|aunt|uncle|cousin|grand(?:mother|father))s?\s+"
    r"(?:is|are|was|were|has|have|had|also|both|with)\s[^.;,\n]{0,25}$",
    re.IGNORECASE,
)
_SHARED = frozenset({"cause", "both"})


class AllergyReader:
    """spaCy component: allergens with reactions, and "no known allergies", in the chart."""

    def __call__(self, doc: Doc) -> Doc:
        layer = chart(doc)
        text = layer.text
        cues = _cues(text, layer.folded)
        if cues or any(s.category == "allergies" for s in layer.sections):
            _Reading(doc, layer, text, cues).read()
        return doc


def _cues(text: str, low: str) -> list[tuple[int, int, str]]:
    """Start, end and words of each cue in text order; `low` is the folded text."""
    found = []
    for stem in _STEMS:
        prefix = _PREFIXED.get(stem, "")
        at = low.find(stem)
        while at >= 0:
            begin = at - len(prefix) if prefix and low.endswith(prefix, 0, at) else at
            if match := _CUE.match(text, begin):
                found.append((begin, match.end(), " ".join(match[0].lower().split())))
            at = low.find(stem, at + 1)
    return sorted(found)


class _Reading:
    """Reads the allergies of one note."""

    def __init__(self, doc: Doc, layer: Chart, text: str, cues: list[tuple[int, int, str]]) -> None:
        self._doc, self._layer, self._text, self._cues = doc, layer, text, cues
        self._starts, self._ends, _ = entities(doc)
        self._found: dict[int, str] = {}  # entity -> reaction
        self._done: list[tuple[int, int]] = []  # characters of reactions and of "no known allergies"

    def read(self) -> None:
        """Add what the note says about allergies to the chart."""
        none: list[Finding] = []
        for start, end, cue in self._cues:
            low, high = sentence_of(self._layer, start)
            stated = self._none(start, end, cue, low, high)
            if stated is None:
                self._cued(start, end, cue, low, high)
            elif not self._excepted(stated.end, high):
                none.append(stated)
            self._done += [(stated.start, stated.end)] if stated else []
        for section in self._layer.sections:
            if section.category == "allergies":
                match = _NONE_IN_SECTION.match(self._text, section.body_start, section.end)
                if match:
                    none.append(_no_known(*match.span("none")))
                elif not any(section.start <= f.start < section.end for f in none):
                    self._section(section.body_start, section.end)
        self._finish(none)

    def _finish(self, none: list[Finding]) -> None:
        layer, last = self._layer, -1
        for finding in sorted(none, key=lambda f: (f.start, -f.end)):
            if finding.start >= last:
                layer.findings.append(finding)
                last = finding.end
                self._done.append((finding.start, finding.end))
        layer.reactions += [Reaction(index, reaction) for index, reaction in sorted(self._found.items())]
        parts = IntervalSet(self._done)
        for start, end in self._done:
            for index in range(bisect_left(self._starts, start), bisect_left(self._starts, end)):
                if index not in self._found and parts.holds(self._starts[index]):
                    layer.suppressed.add(index)

    def _none(self, start: int, end: int, cue: str, low: int, high: int) -> Finding | None:
        """ "No known drug allergies" and its forms."""
        text = self._text
        if cue.startswith("nk"):
            span = (start, end)
        elif cue.startswith("allergic") and (said := _ALLERGIC_NO.match(text, end, min(len(text), high + 20))):
            span = (start, said.end())
        elif cue.startswith("allergic"):
            denied = _NOT.search(text[max(low, start - 30) : start])
            match = _NOT_ANY.match(text, end, high)
            if match is None or not (denied or re.search(r"\bno(?:ne|thing)?\b", match[0])):
                return None
            span = (max(low, start - 30) + denied.start() if denied else start, match.end())
        elif cue.startswith(_ANY_REACTION):
            floor = max(low, start - 90)
            before = _DENIED.search(text[floor:start])
            if before is None:
                if _OF_ONE_KIND.search(text[floor:start]):
                    return None
                after = _NONE_AFTER.match(text, end, max(high, min(len(text), end + 40)))
                return _no_known(start, after.end("none")) if after else None
            if _OTHER.search(before[0]):
                return None
            every = _ANY.match(text, end, high)
            one = _OF_ONE_DRUG if not cue.startswith("allerg") else _OF_ONE
            if every is None and one.match(text, end):
                return None  # one agent is denied
            span = (floor + before.start(), every.end() if every else end)
            if "latex" in before[0].lower() or "contrast" in before[0].lower():
                return None
        elif cue.startswith("reaction"):
            floor = max(low, start - 40)
            before, every = _DENIED.search(text[floor:start]), _ANY_DRUG.match(text, end, high)
            if before is None or every is None:
                return None
            span = (floor + before.start(), every.end())
        else:
            return None
        return _no_known(*span)

    def _excepted(self, end: int, high: int) -> bool:
        """Whether "no known allergies" has an exception, which is read as a list of allergies."""
        exception = _EXCEPT.match(self._text, end, high)
        if exception is None or self._agent_at(exception.end(), 25) is None:
            return False
        self._list(exception.end(), high, "")
        return True

    def _cued(self, start: int, end: int, cue: str, low: int, high: int) -> None:
        text = self._text
        if cue.startswith("toler"):
            if cue.startswith("tolerat") and _NOT_TOLERATED.search(text[max(low, start - 30) : start]):
                match = _OBJECT.match(text, end, high)
                if match:
                    self._list(match.end(), high, "intolerance")
            return
        if cue.startswith(("adr", "adverse")):
            return  # what a drug did is no allergy yet
        if cue.startswith("sensitiv") and not _PERSON.search(text[max(low, start - 40) : start]):
            return  # a germ is sensitive to an antibiotic
        default = "intolerance" if cue.startswith("intoler") else ""
        if cue.startswith("anaphyla"):
            default = "anaphylaxis"
        elif cue.startswith(("hives", "rash", "angioedema")):
            default = cue.split()[0]
        if self._named(start, end, high, default):
            return
        lead_from = end if not cue.endswith((" to", " from")) else end - len(cue.split()[-1]) - 1
        lead = _LEAD.match(text, lead_from, high)
        if (
            lead
            and default == "anaphylaxis"
            and not re.match(r"\s+(?:reactions?\s+)?(?:to|from|after)\b", lead[0], re.I)
        ):
            return  # "anaphylaxis treated with", "for anaphylaxis with"
        if lead and self._agent_at(lead.end(), 40) is not None:
            self._list(lead.end(), high, default)
            return
        if not cue.startswith(("reaction", "sensitiv", "hives", "rash")):
            self._agent_before(start, end, low, high, default)

    def _named(self, start: int, end: int, high: int, default: str) -> bool:
        """ "Latex allergy", "allergic to penicillin": the vocabulary has agent and cue as one name."""
        index = bisect_left(self._starts, end) - 1
        if index < 0 or self._ends[index] < end or not self._is_agent(index):
            return False
        after = self._ends[index]
        if _NOT_AN_ALLERGY.match(self._text, after, high):
            return True
        if self._starts[index] < start:  # "penicillin allergy": what follows is no list of allergies
            self._add(index, self._reaction(after, high)[0] or default)
        else:
            self._list_from(index, high, default)
        return True

    def _agent_before(self, start: int, end: int, low: int, high: int, default: str) -> None:
        """ "Penicillin allergy", "sulfa and latex allergies"."""
        text = self._text
        position = bisect_left(self._starts, start) - 1
        if position < 0 or self._starts[position] < low or not self._is_agent(position):
            return
        if _NOT_AN_ALLERGY.match(text, end, high):
            return
        if _BEFORE_CUE.fullmatch(text, self._ends[position], start) is None:
            return
        reaction, _ = self._reaction(end, high)
        self._add(position, reaction or default)
        plural = text[start:end].lower() in {"allergies", "intolerances"}
        while plural and position > 0 and self._is_agent(position - 1):
            if _NEXT.fullmatch(text, self._ends[position - 1], self._starts[position]) is None:
                return
            position -= 1
            self._add(position, reaction or default)

    def _list(self, begin: int, high: int, default: str) -> None:
        """The agents of a list that begins at `begin`, each with its reaction."""
        index = self._agent_at(begin, 40)
        if index is not None and self._starts[index] < high:
            self._list_from(index, high, default)

    def _list_from(self, first: int, high: int, default: str) -> None:
        text, members = self._text, []
        index: int | None = first
        while index is not None and self._starts[index] < high:
            end = self._ends[index]
            reaction, after = self._reaction(end, high)
            members.append(index)
            self._add(index, reaction or default)
            if reaction and self._is_shared(text[end:after]):
                for member in members:
                    self._add(member, reaction)
            following = _NEXT.match(text, after, high)
            index = self._agent_at(following.end(), 40) if following else None

    def _section(self, begin: int, end: int) -> None:
        """Every agent of an allergy section, save what is tolerated."""
        text = self._text
        free = begin
        for index in range(bisect_left(self._starts, begin), bisect_left(self._starts, end)):
            start = self._starts[index]
            if start < free or index in self._found or not self._is_agent(index):
                continue
            if _TOLERATES.search(text[max(begin, start - 60) : start]):
                continue
            limit = sentence_of(self._layer, start)[1]
            reaction, after = self._reaction(self._ends[index], min(limit, end))
            if not reaction:
                reaction, after = self._comma_reaction(index, min(limit, end))
            self._add(index, reaction)
            free = after

    def _comma_reaction(self, index: int, high: int) -> tuple[str, int]:
        """ "Penicillin, rash; sulfa, hives": a word behind a comma that is no agent."""
        end = self._ends[index]
        match = _COMMA_REACTION.match(self._text, end, high)
        if match is None:
            return "", end
        low = bisect_left(self._starts, match.start("reaction"))
        inside = range(low, bisect_left(self._starts, match.end("reaction")))
        if not inside or any(self._is_agent(i) for i in inside):
            return "", end
        self._done.append(match.span("reaction"))
        return match["reaction"].strip(), match.end()

    def _reaction(self, end: int, high: int) -> tuple[str, int]:
        """The reaction named behind an agent, and where it ends."""
        match = _REACTION.match(self._text, end, high)
        if match is None:
            return "", end
        group = next(name for name in ("inner", "square", "dash", "cause") if match[name])
        words = _TRIM.sub("", match[group]).strip()
        start = match.start(group)
        first = bisect_left(self._starts, start)
        if group in {"dash", "cause"} and first < len(self._starts) and self._starts[first] == start:
            if self._is_agent(first) and group == "dash":
                return "", end  # "penicillin - sulfa": the next item
        if group == "inner" and first < len(self._starts) and self._starts[first] == start and self._is_agent(first):
            return "", match.end()  # a brand or an example in brackets
        stop = match.end() if group in {"inner", "square"} else start + len(words)
        self._done.append((start, stop))
        return words, stop

    def _is_shared(self, between: str) -> bool:
        return not _SHARED.isdisjoint(between.lower().replace(",", " ").split()[:3])

    def _agent_at(self, position: int, reach: int) -> int | None:
        """The agent that begins at most a few words after a position, with nothing else in between."""
        index = bisect_left(self._starts, position)
        if index >= len(self._starts) or self._starts[index] - position > reach or not self._is_agent(index):
            return None
        between = self._text[position : self._starts[index]]
        return index if _FILLER.fullmatch(between) else None

    def _is_agent(self, index: int) -> bool:
        return any(c.kind in _AGENTS for c in self._layer.concepts[index])

    def _add(self, index: int, reaction: str) -> None:
        agent = self._doc.char_span(self._starts[index], self._ends[index])
        if _RELATIVE.search(self._text[max(0, self._starts[index] - 50) : self._starts[index]]):
            agent._.is_family = True
        agent._.is_historical = False  # an allergy lasts: "history of penicillin allergy" is a present one
        if reaction or index not in self._found:
            self._found[index] = reaction


def _no_known(start: int, end: int) -> Finding:
    return Finding(start, end, FactKind.ALLERGY, NONE_KNOWN, None, True)
