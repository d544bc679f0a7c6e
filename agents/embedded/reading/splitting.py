"""The asks of a sentence: where it is cut, and which pieces are questions of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from agents.embedded.plans import Setting, needs_no_name
from agents.embedded.reading.places import BOTH_ENDS, whole_course_spans
from agents.embedded.reading.reader import Question, Slot, cues_of
from agents.embedded.reading.units_asked import is_unit_alone, unit_spans
from agents.embedded.routing.router import Router
from agents.embedded.supposing.dosing import asks_of_exposure
from agents.embedded.supposing.scenarios import models_of
from agents.embedded.supposing.suppositions import asks_of_circulation, is_hypothetical
from tools.concepts import tokenize

_OWN_INTENT = 0.56  # a part of a sentence must look this much like a question of its own to be split off
_ASKED = re.compile(r"(?:,|\band\b|\bor\b|&|\+|/)\s*(?:the |his |her |any |latest |last )*$", re.IGNORECASE)
_LEANS = 0.8  # "and what did it show" is an ask of its own about what was just named
_JOINERS = re.compile(
    r"\s*(?:(?:[?;]|(?<!\d)\+)+|\n+|(?<=[A-Za-z])\s*/\s*(?=[A-Za-z])|,?\s*\b(?:and\s+)?also\b|,\s*(?:and|plus)\b|,|\band\s+also\b|\band\b|\bplus\b|&|\balong with\b|\bas well as\b|\bthen\b|(?<!\bdr)(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bprof)(?<!\bst)\.\s)\s*",
    re.IGNORECASE,
)
_ANOTHER_OF_IT = re.compile(
    r"(?:(?:and|then|also|at|right|what(?:'s| is| was)?|show|give(?: me)?)\s+)*(?:the |its |his |her |their )?(?:very )?(?:latest|last|newest|most recent|current|first|earliest|present|now|today|currently|highest|lowest|minimum|maximum|min|max|peak|nadir|average|mean|previous|prior|preceding|(?:one|result|value|reading) (?:immediately |just |right |directly )?before(?: (?:it|that|this|the (?:newest|latest|last|most recent)(?: one)?))?|one prior)(?: (?:ones?|values?|results?|readings?|levels?|measurements?))?(?: (?:too|also|as well|please|pls))?",
    re.IGNORECASE,
)
_WHERE_ALONE = re.compile(
    r"(?:and\s+)?(?:what happen(?:s|ed)(?: (?:to|with) (?:him|her|them|it))?|what (?:was |is )?the reactions?|(?:and )?(?:what|which) (?:was|is|were|did) (?:the |its |their )?(?:results?|outcomes?|findings?|answer|verdict|reading|value)(?: (?:of (?:it|that|this)|show\w*|say|then))?|(?:the )?results?|(?:the )?outcomes?|where|when|since when|how long ago|by whom|with whom|at which (?:clinic|place|site)|(?:at )?(?:what|which) age(?: (?:exactly|roughly|then|was (?:he|she|that)))?|which relative)(?: (?:and )?(?:where|by whom))?",
    re.IGNORECASE,
)
_SUPPOSES = re.compile(r"\bif\b(?!\s+(?:so|any|yes|not|present|available|possible))[^?]*\d", re.IGNORECASE)
_ITS_TREATMENT = re.compile(
    r"(?:(?:and|the|its|current|any|what)\s+)*(?:treatment|therapy|medications?|meds?|drugs?|rx)", re.IGNORECASE
)
_IT_WAS = re.compile(
    r"\b(?:was|is|has|did|were|does)\s+(?P<it>it|that|this)\s+(?=(?:ever|been|always|go|get|drop|rise|fall|exceed|above|below|over|under|normal|high|low|in range)\b)",
    re.IGNORECASE,
)
_IT_HAPPENED = re.compile(
    r"\b(?P<it>it|that|this|they)\s+(?:(?:was|were|got|is|being|has|have|had|been)\s+)+(?=(?:stopp?ed|discontinued|started|withdrawn|held|paused|changed|increased|reduced|prescribed|given|ordered|ceased|initiated)\b)",
    re.IGNORECASE,
)
# "Take all the results of 2025 and give me the average" is one ask: what is gathered is what is counted.
_GATHERS = re.compile(
    r"\W*(?:out )?(?:of|from|among) (?:all|every one of)\b|\W*(?:please\s+|can you\s+|could you\s+)*(?:add up|sum up|take|collect|gather|pool|go through|run through|look (?:at|through)|pull(?: up| out)?|get|grab|tot up|total|work through)\b",
    re.IGNORECASE,
)
_STATISTIC_OF_IT = re.compile(
    r"(?:(?:and|then|what(?:'s| is| was)?|which(?: one)?(?: is| was)?|show|give(?: me)?|work out|calculate|tell me|find|the|its|their|an|me)\s+)*(?:average|mean|median|avg|highest|lowest|maximum|minimum|max|min|range|count)(?:\s+(?:of (?:them|those|these|it)|value|please|pls))*",
    re.IGNORECASE,
)
_IT_DOES = re.compile(
    r"\bwhat (?:does|did|do|would|will) (?P<it>it|that|this|they|these)\b(?= do\b| cause\b| give\b)|\bwhat happen(?:s|ed) (?:with|on|to (?:him|her) (?:with|on)|when (?:he|she) (?:has|takes|took|had)) (?P<it2>it|that|this)\b",
    re.IGNORECASE,
)
_AT_PRESENT = re.compile(r"(?:\bat |\bright )?\b(?:present|now|today|currently)\b", re.IGNORECASE)
_OF_THE_DRUG = re.compile(
    r"(?:and\s+)?(?:(?:for|at|in|with)\s+)?(?:(?:what|which|the)\s+)+(?:indication|reason|purpose|dose|strength|dosage|frequency|route)|(?:the )?(?:indication|dose|dosage|strength|start date|stop date|end date|route|frequency)",
    re.IGNORECASE,
)
_DETERMINED = re.compile(r"^(?:(?:and|for|at|in|with|what|which|the)\s+)+", re.IGNORECASE)
_LEANS_ON = re.compile(
    r"\b(?:for|against|with|of|start(?:ed)?|stop(?:ped)?|prescribed?|treat(?:ed|ing)?|manag(?:ed|ing)|taking|take)\s+(?P<it>it|that|this|them)\b(?!\s+\w+ed\b)(?!\s+(?:patient|pt|man|woman|lady|gentleman|person|one|case|visit|admission|stay|day|week|month|year|time|result|value|reading|test|chart|record)\b)",
    re.IGNORECASE,
)
_PER_UNIT = re.compile(
    r"[\w.^]+\s?/\s?(?:\w+\s?/\s?)?(?:d?l|m?l|[uµμ]l|min(?:ute)?s?|h|hrs?|hours?|days?|d|wk|week|kg|m2|mm3|mol|mmol|sec|s)\b|\d+\s*/\s*\d+",
    re.I,
)
_ASIDE = re.compile(r"\([^()]*\)")
# "He had AF in ICU, how come nobody thinned his blood": what is so stands before what is asked about it.
_IS_SO = re.compile(
    r"^\W*(?:(?:so|but|and|given|since|as|if)\s+)*(?:he|she|they|the (?:pt|patient)|pt|patient|we|it)(?:'s|'d)?\s+\w+",
    re.IGNORECASE,
)
_WHY_SO = re.compile(
    r"^\W*(?:(?:so|but|and|then)\s+)*(?:why|how come|what for|for what reason|what made|what stopped)\b", re.IGNORECASE
)
_MODIFIER = re.compile(
    r"^(?:the |her |his )?(?:\w+ )?notes?\b|^(?:per|according to|in|from|on|by|as per|based on|looking at|for|with|given|since|before|after|vs\.?|versus|compared|during|as of|if (?:so|yes|no|not)|why(?: not)? if (?:so|no|not))\b",
    re.IGNORECASE,
)


# A clause with a question word or a command of its own, which leans on nothing before it, is an ask of its own.
_ASKS = r"(?:and |also |so |then )*(?:what(?:'s|'re)?|when(?:'s)?|where(?:'s)?|which|who(?:'s|se)?|why(?:'s)?|how(?:'s)?|is|are|was|were|did|does|do|has|have|had|can|could|should|any|list|show|give|tell|find|quote|convert|describe|summari[sz]e|(?:number|date|count|size|amount|name|reasons?|results?|outcome|cause|duration|frequency|location|type|plan|details) (?:of|for)|(?:most recent|latest|last|first|earliest|newest|current|highest|lowest)(?! (?:values?|results?|readings?|levels?|tests?|checks?|figures?|numbers?|measurements?)\b)(?= \w+ \w+))"
_OWN_CLAUSE = re.compile(rf"^\W*{_ASKS}\s+(?!about\b)\S+", re.IGNORECASE)
# "knee trouble - does it disturb sleep": what it leans on stands in front of it.
_TOPIC = re.compile(
    rf"^\W*(?!(?:and|or|but|so|it|that|this)\b)(?:[\w'/-]+\s+){{0,4}}[\w'/-]+(?:\s*:|\s[-–—])\s+{_ASKS}\s",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"\b(?:it|its|that|this(?! (?:patient|pt|man|woman|lady|gentleman|person)\b)|then|those|these|them|one|ones|there|else|same|both|either|other)\b"
    r"|\bthe (?:change|difference|trend|gap|delta|rise|fall|drop)\b(?! (?:in|of|between|for) )|\bthe (?:actual |recorded |current |ordered |prescribed |right |real )?(?:dose|dosage|strength|order|indication|start date|stop date|reaction)\b(?! (?:of|for) )|\b(?:actually|really) (?:ordered|prescribed|recorded|charted|on file|given|taken)\b|\bthe (?:record|chart|file|coded \w+) (?:agree|say|show|have|hold|match|state|confirm|tell)s?\b|^\W*(?:and |also )*(?:how|what|who|when|where|why|which)\W*(?:\w+\W*){0,1}$",
    re.IGNORECASE,
)


_LEANING = re.compile(r"\b(?:it|that|this|then|would|new|these|those)\b", re.IGNORECASE)


_SETTLES_KIND = frozenset({"vaccine", "allergy"})  # "vaccines: COVID yes or no"


class Splitter:
    """Cuts a sentence into its asks, by what each piece would be routed to on its own."""

    def __init__(
        self, read: Callable[[str, Setting], Question], router: Router, runs: Callable[[str, Setting], list[Any]]
    ) -> None:
        self._read = read
        self.router = router
        self._runs = runs  # what a text that supposes something is computed by, empty for any other

    def parts(self, text: str, setting: Setting) -> list[str]:
        """The asks of a sentence. A piece stands alone only if it is a question of its own; else it joins its neighbour."""
        whole = self._read(text, setting)
        if len(each := _for_each_period(text, whole)) > 1:
            return each
        protected = [(p.start, p.end) for p in whole.periods]
        protected += [(s.start, s.end) for v in whole.variants for s in v.slots]
        protected += [m.span() for m in BOTH_ENDS.finditer(text)] + unit_spans(text)
        protected += whole_course_spans(text)
        protected += [m.span() for m in _PER_UNIT.finditer(text)] + [m.span() for m in _ASIDE.finditer(text)]
        cuts = [m for m in _JOINERS.finditer(text) if not _is_within(m, protected)]
        pieces, start = [], 0
        for cut in cuts:
            pieces.append(text[start : cut.start()])
            start = cut.end()
        pieces.append(text[start:])
        if supposing := self._around_supposition(text, cuts, setting):
            return supposing
        pieces = [p.strip() for p in pieces if p.strip(" .?!,;")]
        pieces = self._with_subject(pieces, setting)
        if (
            len(pieces) < 2 or "what_if" in cues_of(text) or _SUPPOSES.search(text)
        ):  # a what-if states its conditions in the same sentence
            return [text]
        merged: list[str] = []
        for index, piece in enumerate(pieces):
            if index == 1 and (
                (cuts[0][0].strip() == "," and self._is_fronted(merged[0], piece, setting))
                or (_IS_SO.match(merged[0]) and _WHY_SO.match(piece))
            ):
                merged[0] = f"{merged[0]}, {piece}"
            elif merged and not self._stands_alone(piece, setting):
                merged[-1] = f"{merged[-1]} and {piece}"
            elif merged and index == 1 and not self._stands_alone(merged[0], setting):
                merged[0] = f"{merged[0]}, {piece}"
            else:
                merged.append(piece)
        return self._with_shared_end(merged, setting)

    def _with_shared_end(self, parts: list[str], setting: Setting) -> list[str]:
        """A bare name before one of its kind takes what follows that: "A1c and eGFR trend" asks for two trends."""
        for index in range(len(parts) - 2, -1, -1):
            first, second = (self._read(p, setting).variants[0].slots[:1] for p in (parts[index], parts[index + 1]))
            if not first or not second or first[0].kind != second[0].kind or not (first[0].known and second[0].known):
                continue
            end = parts[index + 1][second[0].end :].rstrip(" ?.!")
            if parts[index].strip(" ?.!") == first[0].text and second[0].start == 0 and 0 < len(end.split()) <= 3:
                parts[index] = f"{parts[index]}{end}"
        return parts

    def _around_supposition(self, text: str, cuts: list[re.Match[str]], setting: Setting) -> list[str]:
        """A text that supposes something as one piece, with the asks around it that have no part in it; else nothing."""
        run = self._runs(text, setting)
        if not run:
            return []
        start, end, ahead, behind = 0, len(text), list[str](), list[str]()
        for cut in reversed(cuts):
            last = text[cut.end() : end].strip()
            if last and not self._has_no_part(last, text[start : cut.start()], run, setting):
                break
            behind[:0] = [last] if last else []
            end = cut.start()
        for cut in cuts:
            first = text[start : cut.start()].strip()
            if cut.end() > end or not first or not self._has_no_part(first, text[cut.end() : end], run, setting):
                break
            ahead.append(first)
            start = cut.end()
        return [*ahead, text[start:end].strip(), *behind]

    def _has_no_part(self, piece: str, rest: str, run: list[Any], setting: Setting) -> bool:
        """Whether a piece is an ask of its own, and the rest supposes the same without it."""
        variants = self._read(piece, setting).variants
        if _LEANING.search(piece) or re.search(r"\d", piece) or asks_of_exposure(piece):
            return False
        if not any(s.known for v in variants for s in v.slots):
            return False
        of_run = {str(arguments.get("model")) for _, arguments in run}
        if "haemodynamics_ursino" in of_run and asks_of_circulation(piece):
            return False
        asked = {model for variant in variants for model in models_of(variant, piece)}
        if asked & of_run:
            return False
        return self._stands_alone(piece, setting) and self._runs(rest, setting) == run

    def _with_subject(self, pieces: list[str], setting: Setting) -> list[str]:
        """The pieces with their subject put in for "it" and "the latest one", where a piece before names it."""
        named: list[Slot] = []
        for index, piece in enumerate(pieces):
            slots = [s for v in self._read(piece, setting).variants[:1] for s in v.slots if s.known]
            if slots or not named:
                named = slots or named
                continue
            bare = piece.strip(" ?.!")
            leaning = _LEANS_ON.search(piece)
            if index == 1 and _GATHERS.match(pieces[0]) and _STATISTIC_OF_IT.fullmatch(bare):
                return [f"{bare} of {_GATHERS.sub('', pieces[0], count=1).strip()}", *pieces[2:]]
            if _ANOTHER_OF_IT.fullmatch(bare) and named[-1].kind == "observation":
                which = _AT_PRESENT.sub("latest", bare)
                pieces[index] = f"{which} {named[-1].text}"
            elif named[-1].kind == "observation" and (it := _IT_WAS.search(piece)) is not None:
                pieces[index] = piece[: it.start("it")] + named[-1].text + piece[it.end("it") :]
            elif named[-1].kind in _SUBSTANCES and (it := _IT_DOES.search(piece)) is not None:
                place = "it" if it["it"] else "it2"
                pieces[index] = piece[: it.start(place)] + named[-1].text + piece[it.end(place) :]
            elif (it := _IT_HAPPENED.search(piece)) is not None and (drug := _drug_of(named)):
                pieces[index] = piece[: it.start("it")] + drug + piece[it.end("it") :]
            elif named[-1].kind == "condition" and _ITS_TREATMENT.fullmatch(bare):
                pieces[index] = f"drugs taken for {named[-1].text}"
            elif _OF_THE_DRUG.fullmatch(bare) and (drug := _drug_of(named)):
                pieces[index] = f"{_DETERMINED.sub('', bare)} of {drug}"
            elif leaning is not None:
                kinds = {"condition", "medication", "drug_class"}
                kinds |= {"observation"} if leaning[0].lower().startswith(("for", "against")) else set()
                subject = next((s.text for s in named if s.kind in kinds), "")
                if subject:
                    pieces[index] = piece[: leaning.start("it")] + subject + piece[leaning.end("it") :]
        return pieces

    def _is_fronted(self, name: str, piece: str, setting: Setting) -> bool:
        """Whether a piece asks of the bare name before it: "isoniazid, what strength is he taking"."""
        known = [s for v in self._read(piece, setting).variants for s in v.slots if s.known]
        return not known and stands_by_itself(piece) and is_bare_name(self._read(name, setting), name)

    def _stands_alone(self, piece: str, setting: Setting) -> bool:
        if is_unit_alone(piece) or _WHERE_ALONE.fullmatch(piece.strip(" ?.!,")):
            return False
        if len(tokenize(piece)) < 1 or (
            _MODIFIER.match(piece) and (len(tokenize(piece)) <= 5 or "note" in cues_of(piece))
        ):
            return False
        if stands_by_itself(piece):
            return True
        question = self._read(piece, setting)
        leaning = self.router.route(question.variants, allow_followup=True)[0]
        if leaning.intent.startswith("followup.") and leaning.score >= _LEANS:
            return True
        has_name = any(s.known for v in question.variants for s in v.slots)
        route = self.router.route(question.variants)[0]
        if has_name:
            return route.score >= 0.30 or is_bare_name(question, piece)
        words = [t for t in tokenize(piece)]
        return (
            route.score >= _OWN_INTENT and len(words) >= 1 and not route.variant.slots and needs_no_name(route.intent)
        )

    def after_preamble(self, part: str, setting: Setting) -> str:
        """What follows a colon or dash, where it is the better question ("Med rec: what is she taking?")."""
        match = re.match(r"^(?P<lead>[^:?]{3,60}?)(?::| - | — )\s*(?P<rest>\S.{5,})$", part, re.DOTALL)
        if (
            match is None
            or "note" in cues_of(match["lead"])
            or (cues_of(match["lead"]) - cues_of(match["rest"])) & _SETTLES_KIND
            or is_hypothetical(match["lead"])
            or self._runs(part, setting)
        ):
            return part
        if _OWN_CLAUSE.match(match["lead"]) and not _OWN_CLAUSE.match(match["rest"]):
            return part  # "which vessel was the line in when it came out - final site"
        if self._read(match["lead"], setting).periods and not self._read(match["rest"], setting).periods:
            return part  # "bloods of Sep 15, 2025: the calcium?"
        whole = self.router.route(self._read(part, setting).variants)[0]
        rest = self.router.route(self._read(match["rest"], setting).variants)[0]
        if any(s.known for s in whole.variant.slots) and not any(s.known for s in rest.variant.slots):
            return part  # the subject stands before the colon: "systolic pressure: any improvement?"
        return match["rest"] if rest.score > whole.score + 0.08 else part


def _for_each_period(text: str, whole: Question) -> list[str]:
    """The question once for each of two periods that stand beside each other ("average pulse in 2024 and in 2026")."""
    periods = sorted(whole.periods, key=lambda p: p.start)
    if len(periods) != 2 or "what_if" in cues_of(text) or any(p.label.lower() in _NOW for p in periods):
        return []
    first, second = periods
    between = text[first.end : second.start]
    if not _BESIDE.fullmatch(between):
        names = {s.text for v in whole.variants[:1] for s in v.slots if s.kind == "observation" and s.known}
        if len(names) != 1 or not _SET_AGAINST.search(between):
            return []
        return [f"{name} {text[p.start : p.end]}" for name in names for p in periods]
    before, after = text[: first.start], text[second.end :]
    return [f"{before}{text[p.start : p.end]}{after}" for p in periods]


_SUBSTANCES = frozenset({"allergen", "medication", "drug_class"})
_SET_AGAINST = re.compile(
    r"\b(?:higher|lower|more|less|better|worse|greater|heavier|lighter|compared?|versus|vs|differ\w*|than)\b",
    re.IGNORECASE,
)
_NOW = frozenset({"today", "now", "yesterday"})
_BESIDE = re.compile(r"\s*(?:,|with|&|/|and|or|vs\.?|versus|compared (?:to|with)|against)\s*", re.IGNORECASE)


def _drug_of(named: list[Slot]) -> str:
    return next((s.text for s in named if s.kind in {"medication", "drug_class"}), "")


def _is_within(cut: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    """Whether a joiner stands inside what must stay whole; the spaces around it do not count."""
    start = cut.start() + len(cut[0]) - len(cut[0].lstrip())
    end = cut.end() - (len(cut[0]) - len(cut[0].rstrip()))
    return any(s <= start and end <= e for s, e in spans)


def is_remark(part: str, whole: str) -> bool:
    """Whether a part is a thank-you or a note to the reader."""
    return (
        re.fullmatch(
            r"(?:many )?(?:thanks?|thank you|thx|ty|cheers|please|pls|regards|asap|urgent|no rush)\W*(?:so much|very much|in advance|a lot)?\W*",
            part.strip(),
            re.IGNORECASE,
        )
        is not None
    )


def is_asked_for(name: str, text: str) -> bool:
    """Whether an unknown name stands in a list of asks ("sodium and zonulin"), not in a sentence of its own."""
    start = text.lower().find(name.lower())
    if start == 0 and len(name.split()) > 1:  # "walking aid, and when was he born"
        return _JOINERS.match(text, len(name)) is not None
    return start > 0 and _ASKED.search(text[:start]) is not None


def is_bare_name(question: Question, part: str) -> bool:
    """Whether a part is only a name ("and sodium"), so that it takes the intent of the part before."""
    covered = sum(s.end - s.start for s in question.variants[0].slots)
    words = [t for t in tokenize(part) if t.norm not in {"and", "the", "his", "her", "their", "also", "latest", "last"}]
    named = [t for t in words if any(s.start <= t.start < s.end for s in question.variants[0].slots)]
    return covered > 0 and len(words) == len(named)


def stands_by_itself(part: str) -> bool:
    """Whether a part has a question word of its own and leans on nothing: "how often was she seen in 1960"."""
    if len(tokenize(part)) < 3:
        return False
    return (_OWN_CLAUSE.match(part) is not None and _LEANS_BACK.search(part) is None) or _TOPIC.match(part) is not None


def shares_its_time(part: str, whole: str) -> bool:
    """Whether the time at the end of a sentence is also meant for a part before: not where a clause of its own holds it."""
    last = re.split(r"[.?!;]\s|\b(?:and|plus|also)\b", whole.rstrip(" .?!"))[-1].strip(" ,")
    return not (
        stands_by_itself(last) or re.search(r"[.?!;]\s+\S", whole) or re.search(r"\balso\b", whole, re.IGNORECASE)
    )


def names_other_time(part: str) -> bool:
    """Whether a part has a moment of its own, so that the sentence's is not meant for it."""
    return bool(re.search(r"\b(?:latest|last|current|now|today|most recent)\b", part, re.IGNORECASE))
