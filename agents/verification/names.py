"""Clinical names of a text with what is said of each: present, past, stopped, absent, of a relative, considered."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from tools.concepts import Lexicon, Target


class State(StrEnum):
    """What a text says of a problem, drug, allergy or procedure that it names."""

    PRESENT = "present"  # or active, taken, done
    PAST = "past"  # history, resolved, stopped
    ABSENT = "absent"
    FAMILY = "family"
    CONSIDERED = "considered"  # possible, suspected, advised, hypothetical
    NAMED = "named"  # nothing is claimed of it


HERE = frozenset({State.PRESENT, State.PAST})  # it is or was so


@dataclass(frozen=True, slots=True)
class Name:
    """A clinical name. `own` holds "kind:id" of what it names, `ids` that and everything narrower."""

    start: int
    end: int
    text: str
    own: frozenset[str]
    ids: frozenset[str]
    state: State = State.PRESENT
    is_explicit: bool = False  # the state is said, not only assumed
    is_allergy: bool = False
    is_attributed: bool = False  # said to stand in a note, or quoted
    is_ended: bool = False  # stopped or resolved, and not only known from before
    is_family: bool = False
    relative: str = ""  # mother, father, ... where one is named
    is_ever: bool = False  # of an absence: never, at no time

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what it names."""
        return frozenset(k.partition(":")[0] for k in self.own)


TREATMENTS = frozenset({"medication", "drug_class"})
_KEPT_APART = re.compile(
    r"\.(?!\d)|[;\n|]|\bbut\b|\bhowever\b|\balthough\b|\bthough\b|\bexcept\b|\bwhile\b|\bwhereas\b|\bdespite\b|[—]| – |\binstead\b"
)
_IN_BRACKETS = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
_NEW_VERB = re.compile(
    r",\s*(?:and\s+)?(?:he|she|they|the patient|it|there|has|have|had|is|are|was|were|takes?|with|on|who|which)\b|\band\s+(?:he|she|they|the patient|it|there|has|had|is|was|takes?)\b"
    r"|(?<!negative )(?<!evidence )(?<!looked )(?<!searched )(?<!tested )(?<!checked )\bfor\b|\bbecause\b|\bdue to\b|\bafter\b|\bsince\b|\bgiven\b|\binstead of\b|:",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:not in force:|no(?! longer| doubt| change|,)|not(?! only| just| stopped| discontinued| been stopped| been discontinued)|never|denie[sd]|denying|deny|without|negative for|absence of|free of|neither|nor|none of"
    r"|rul(?:es?|ed|ing) out|lacks?|lacking|cannot|non|absent|zero|nothing)\b|\b(?:he|she|they|patient|has|had) (?:has |had )?(?:declin|refus)(?:es?|ed)\b|\bn['’]t\b|(?<=[a-z])n['’]t\b|\bNKDA\b|\bunable to (?:find|confirm)\b",
    re.IGNORECASE,
)
_NO_AFTER = re.compile(
    r"\b(?:not|never|no|neither)\s+(?:been\s+|currently\s+|ever\s+)?(?:recorded|documented|found|present|listed|mentioned|on file|on record|reported|seen|identified|available|given|done|performed|detected|confirmed|noted|known|in the (?:record|chart|list)|on the (?:list|problem list|medication list)|part of|established|prescribed|ordered|diagnosed|had|have|measured|checked|resulted|tested|charted|stated|supported|suggested|shown|demonstrated|visuali[sz]ed|evident)"
    r"|\b(?:is|was|are|were|been|be|:)\s*(?:absent|negative|refuted|ruled out|denied|excluded|none\b|undocumented|unrecorded|missing)|\bno (?:\w+ ){0,2}(?:entry|entries|record|mention|evidence|documentation|trace|sign|data|information)\b|\b(?:do(?:es)?|did)(?: not|n['’]t) (?:\w+ )?(?:appear|feature|show up|exist|figure)\b|\bnowhere (?:in|on|to be)\b|\brefuted\b|\bruled out\b|\bas absent\b|\b(?:entered|filed|recorded|charted) (?:in error|by mistake|here by mistake|on the wrong chart)\b|\b(?:was|were|is) (?:an? )?(?:mistake|error|erroneous)\b|\bin error\b|\bbelongs? to (?:another|a different) (?:patient|pt|person)\b|\b(?:(?:he|she|they|patient|pt) )?(?:declin|refus)(?:es|ed)\b|\bis negated\b|\(negated|\b(?:isn|wasn|aren|weren|hasn)['’]t\s+(?:\w+\s+)?(?:recorded|documented|found|present|listed|mentioned|been|on|in)|:\s*(?:no|none|negative|denied|absent|not documented|not recorded|never)\b|\bno (?:\w+\s+){0,3}(?:is|are|was|were|has been) (?:recorded|documented|found)|^\s*(?:\|\s*)?(?:no|none|negative|absent)\s*(?:\||$)",
    re.IGNORECASE,
)
_STOPPED = re.compile(
    r"\b(?:(?:(?:has|have|had|is|was|were|are|been|being)\s+){0,3}(?:stopped|discontinued|resolved|ended|held|completed|withdrawn|inactive|finished)|no longer (?:on|tak(?:es?|ing)|active|prescribed|receiving|using|has|have|present)|stop(?:ping)?|discontinu(?:ing|ation)|no longer|held|on hold|ceased|completed|inactive|not (?:currently )?active|not (?:currently )?(?:on|taking|prescribed)|isn['’]t (?:on|taking|active)|finished|formerly|previously|used to|former|quit|withdrawn|taken off|came off|off of|d/c['’]?d|dc['’]?d|resolved|ended|past|remission|history of|h/o|hx of|prior|previous|in remission|abated|had|in the past|remote|last ordered [\d-]+ and|(?:was|were|had been) (?:\w+ )?(?:on|treated|managed|maintained|taking|prescribed|given|receiving|using)|not ongoing|had been)\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\b(?:stop(?:ped|ping)?|discontinu(?:ed|ing|ation)|no longer|formerly|former|used to|(?:taken|prescribed|used|took) in the past|previously (?:on|taking|taken|took|prescribed|used)|ceased|inactive|not (?:currently )?(?:active|on|taking|prescribed)|quit|withdrawn|taken off|came off|resolved|ended|in remission|abated|d/c['’]?d|(?:is|are|being|currently|remains?) (?:held|on hold|paused|suspended))\b",
    re.IGNORECASE,
)
_EVER = re.compile(r"\b(?:never|ever|history|hx|at any time|h/o)\b", re.IGNORECASE)
_TAKES_OBJECT = re.compile(
    r"(?:no longer (?:on|tak\w+|receiving|using|has|have)|stopp?(?:ed|ing)? (?:taking|using)|not (?:currently )?(?:on|taking|prescribed)|isn['’]t (?:on|taking)|used to|off|history of|h/o|hx of|past|prior|previous\w*|former\w*|had)\b",
    re.IGNORECASE,
)
_NOT_STOPPED = re.compile(
    r"\b(?:not|never|n['’]t)\s+(?:been\s+|yet\s+)?(?:stopped|discontinued|resolved|held)\b|\bnot stopped\b|\bnot resolved\b",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"\b(?:is on|are on|remains? on|stays? on|takes|taking|currently|current|active(?:ly)?|ongoing|continu(?:es?|ed|ing)|keeps?|restart(?:s|ed)?|resumes?|receiv(?:es|ing)|now on|maintained on|still|tolerat(?:es|ing)|us(?:es|ing)|is prescribed|being treated with|managed with|treated with|(?:therapy|treatment|regimen|dose|anticoagulation|medications?|drugs?|insulin|controller) (?:is|are|includes?|consists? of)|has|have|suffers from|lives with|diagnosed with|is (?:a |an )?known|known to have|chronic|on|in favou?r of|(?:switched|changed|converted|transitioned) (?:over )?to|recur(?:red|s|ring)|relapsed|(?:has|have|had) (?:come back|returned))\b",
    re.IGNORECASE,
)
# "X was changed to Y": X is over, and Y is taken.
HANDED_OVER = re.compile(
    r"\b(?:(?:was|were|been|being|is) )?(?:changed|switched|converted|transitioned|rotated|replaced)\b[^.;]{0,40}?\b(?:to|by|with|for)\b",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:mother|father|sister|brother|parents?|aunt|uncle|cousin|grand(?:mother|father|parents?)|siblings?|sons?|daughters?|relatives?|maternal|paternal|family history|family hx|fhx|familial|first-degree|as family history|family member)\b",
    re.IGNORECASE,
)
_RELATIVES = frozenset("mother father sister brother aunt uncle cousin grandmother grandfather son daughter".split())
_SEEN_ON = re.compile(r"\w+ (?:on|in|by|at|during|from) (?:the |his |her |an? )?(?:\w+ )?$", re.IGNORECASE)
_SHOWED = re.compile(r"\b(?:show\w*|reveal\w*|demonstrat\w*|found|identified|with)\b", re.IGNORECASE)
RELATIVE = re.compile(
    r"\b(?:mother|father|sister|brother|aunt|uncle|grand(?:mother|father|parents?|son|daughter)|son|daughter|cousin)s?\b",
    re.IGNORECASE,
)
# "His mother was told she was allergic": only behind a new clause is the patient meant again.
_OWN = re.compile(
    r"\b(?:the patient|patient|his own|her own)\b|(?:[,;]|\b(?:and|but|while))\s+(?:he|she|they)\b", re.IGNORECASE
)
_CONSIDERED = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|likely|suspected|suspicion|suspicious|may|might|could|would|should|suggest(?:s|ive|ing)?|concern(?:ing)? for|consider(?:ed|ing)?(?! (?:to be |as )?(?:\w+ )?(?:high|low|normal|abnormal|elevated|raised|above|below|within|in the|outside|out of))|differential|questionable|if|recommend(?:s|ed|ation|ations)?|monitor(?:ing)?|avoid(?:ing)?|screen(?:ing)?|risk (?:of|for)|risks?|at risk|candidate|prevent(?:s|ion|ing)?|goal|target|guidelines?|contraindicat\w+|reasonable|offer(?:s|ed)?|over-?due|cancell?ed|advis(?:e|ed|able)|discuss(?:ed|ing)?|in case of|unless|whether|please|ask|confirm with|caution|as (?:uncertain|hypothetical)|guidance|indicated|criteria|score|scores|points?|can(?:not)? be|need(?:s|ed)? to|ought|planned?|plan)\b|\?",
    re.IGNORECASE,
)
_ATTRIBUTED = re.compile(
    r"\bnotes?\b(?! (?:that|the following)\b)|\b(?:says|mentions?|mentioned|letter|discharge summary|dictat\w+|disagree\w*|contradict\w*|conflict\w*)\b|[“”]|\"[^\"]+\"",
    re.IGNORECASE,
)
_ALLERGY_BEFORE = re.compile(
    r"\b(?:allerg(?:y|ies|ic|ens?)(?: (?:and|or) intoleranc\w+)?(?:\s+(?:to|include|includes|are|is|of|recorded))?|intoleran(?:t|ce)(?:\s+(?:to|of))?|hypersensitiv\w+(?:\s+to)?|anaphyla\w+ (?:to|after|with)|react(?:s|ed|ions?)? to)\b[^.;]*$",
    re.IGNORECASE,
)
_ALLERGY_AFTER = re.compile(
    r"^\s*[-–]?\s*(?:drug\s+)?(?:allerg(?:y|ies|ic)|intoleran(?:t|ce)|hypersensitivity|anaphylaxis)\b"
    r"|^\s+(?:only )?(?:gives?|gave|causes?d?) (?:her|him|them|the patient)\b|^\s*[:(–-]\s*(?:(?:a|the|documented|known|recorded)\s+){0,2}reaction\b",
    re.IGNORECASE,
)
_LISTED_AS = re.compile(
    r"\b(?:listed|recorded|documented|noted|known|registered) as an? (?:\w+ )?(?:allergy|intolerance|allergen)\b",
    re.IGNORECASE,
)
# One word that names a finding and denies it.
_SAID_ABSENT = frozenset(
    {"afebrile", "anicteric", "acyanotic", "atraumatic", "asymptomatic", "normotensive", "nonsmoker", "non-smoker"}
)
_NON = re.compile(r"\b(non)-(?=[a-z])", re.IGNORECASE)
# Abbreviations that are everyday words when they stand in small letters: "hit its peak".
_ALSO_WORDS = frozenset({"aids", "cap", "hit", "map", "pad", "sad"})
_TOO_WIDE = 24  # a procedure with so many narrower ones ("screening", "therapy") names no event


def find_names(text: str, lexicon: Lexicon) -> list[Name]:
    """The clinical names of a sentence, dates and amounts already blanked out."""
    found = []
    mentions = lexicon.find_mentions(text, fuzzy=False)
    apart = [m for m in mentions if text[max(0, m.start - 4) : m.start].lower() == "non-"]
    if apart:  # "non-proliferative retinopathy" is read as "nonproliferative retinopathy", every character in its place
        joined = lexicon.find_mentions(_NON.sub(r" \1", text), fuzzy=False)
        read_anew = [j for j in joined if any(j.start < m.end and m.start < j.end for m in apart)]
        mentions = [m for m in mentions if m not in apart] + read_anew
    for mention in mentions:
        made = _keys(mention.targets)
        if (
            made is None
            or mention.text == "METs"
            or (mention.text.islower() and (len(mention.text) < 3 or mention.text in _ALSO_WORDS))
        ):
            continue
        found.append(Name(mention.start, mention.end, mention.text, *made))
    return found


def _keys(targets: tuple[Target, ...]) -> tuple[frozenset[str], frozenset[str]] | None:
    wanted = [t for t in targets if not (t.kind == "procedure" and len(t.ids) > _TOO_WIDE)]
    if not wanted:
        return None
    return _interned(tuple((t.kind, t.id, t.ids) for t in wanted))


@lru_cache(maxsize=16384)
def _interned(targets: tuple[tuple[str, str, frozenset[str]], ...]) -> tuple[frozenset[str], frozenset[str]]:
    own = frozenset(f"{kind}:{i}" for kind, i, _ in targets)
    ids = frozenset(
        f"{'medication' if kind == 'drug_class' else kind}:{n}" for kind, _, narrower in targets for n in narrower
    )
    return own, own | ids


@dataclass(frozen=True, slots=True)
class Setting:
    """What a heading says of the lines under it."""

    state: State | None = None
    is_allergy: bool = False
    is_attributed: bool = False


class Cues:
    """The words of one sentence that decide what is said of the names in it."""

    def __init__(self, text: str, setting: Setting, names: Sequence[Name] = ()) -> None:
        self._text, self._setting = text, setting
        self._starts = [n.start for n in names]
        inside = [m.span() for m in _IN_BRACKETS.finditer(text)]
        # What stands in brackets belongs to the name before them: "vancomycin (1 g IV; stopped)".
        self._breaks = [
            0,
            *(m.end() for m in _KEPT_APART.finditer(text) if not any(a < m.start() < b for a, b in inside)),
        ]
        self._verbs = [m.end() for m in _NEW_VERB.finditer(text)]
        self._no = [(m.start(), m.end()) for m in _NO.finditer(text)]
        self._no_after = [(m.start(), m.end()) for m in _NO_AFTER.finditer(text)]
        self._stopped = [(m.start(), m.end()) for m in _STOPPED.finditer(text)]
        self._not_stopped = [(m.start(), m.end()) for m in _NOT_STOPPED.finditer(text)]
        active = [(m.start(), m.end()) for m in _ACTIVE.finditer(text)]
        self._handed_over = [m.span() for m in HANDED_OVER.finditer(text)]
        # "no longer taking", "has been discontinued" hold words that alone would say the opposite.
        self._free_active = [(s, e) for s, e in active if not any(a < e and s < b for a, b in self._stopped)]
        # "on" and "has" behind a name open something else: "began on", "has resolved".
        self._active_after = [c for c in self._free_active if text[c[0] : c[1]].lower() not in {"on", "has", "have"}]
        self._family = [(m.start(), m.end()) for m in _FAMILY.finditer(text)]
        self._considered = [(m.start(), m.end()) for m in _CONSIDERED.finditer(text)]
        self._attributed = _ATTRIBUTED.search(text) is not None

    def clause(self, position: int) -> tuple[int, int]:
        """The stretch between strong breaks that holds a position."""
        index = bisect_right(self._breaks, position)
        end = self._breaks[index] if index < len(self._breaks) else len(self._text)
        return self._breaks[index - 1], end

    def judge(self, name: Name) -> Name:
        """The name with what the sentence says of it."""
        first, last = self.clause(name.start)
        if name.text.lower() in _SAID_ABSENT:
            return replace(
                name,
                state=State.ABSENT,
                is_explicit=True,
                is_attributed=self._setting.is_attributed or self._attributed,
            )
        is_allergy = self._is_allergy(name, first)
        state, explicit = self._state(name, first, last)
        if is_allergy and state is State.CONSIDERED and _ALLERGY_AFTER.match(self._text[name.end : name.end + 40]):
            state = State.PRESENT  # "avoid eggs: known reaction is a rash" says that there is one
        is_family = state is State.FAMILY
        if is_family and self._denied(name, first, last):
            state = State.ABSENT
        clause = self._text[first:last]
        return replace(
            name,
            state=state,
            is_explicit=explicit,
            is_allergy=is_allergy,
            is_attributed=self._setting.is_attributed or self._attributed,
            is_ended=state is State.PAST and _ENDED.search(clause) is not None,
            is_family=is_family,
            relative=self._relative(name, first, last) if is_family else "",
            is_ever=state is State.ABSENT and _EVER.search(clause) is not None,
        )

    def _is_allergy(self, name: Name, first: int) -> bool:
        if "allergen" in name.kinds and re.search(r"allerg|intoleran|anaphyl", name.text, re.IGNORECASE):
            return True
        before = self._text[first : name.start]
        if _LISTED_AS.search(self._text, name.end, self.clause(name.start)[1]) and not before.strip():
            return True
        if _ALLERGY_AFTER.match(self._text[name.end : name.end + 40]):
            return True
        reach = _ALLERGY_BEFORE.search(before)
        if reach is not None and not re.search(
            r"\b(?:on|takes?|taking|prescribed|started|carr(?:y|ies)|has|have|had|uses?|using|receives?|given|needs|treated|managed|reactions?:|reaction (?:was|is)|because|causing|caus\w+)\b",
            before[reach.start() :],
            re.IGNORECASE,
        ):
            return True
        return self._setting.is_allergy and not name.kinds.isdisjoint({"allergen", *TREATMENTS})

    def _state(self, name: Name, first: int, last: int) -> tuple[State, bool]:
        near = self._near
        if near(self._family, first, name.start) and not _OWN.search(
            self._text[near(self._family, first, name.start)[-1][1] : name.start]
        ):
            return State.FAMILY, True
        if [
            c
            for c in near(self._family, name.end, min(last, name.end + 40))
            if re.search(r"\b(?:in|of|by)\b", self._text[name.end : c[0]])
        ]:
            return State.FAMILY, True
        if near(self._not_stopped, first, last):
            return State.PRESENT, True
        if self._denied(name, first, last):
            return State.ABSENT, True
        if (side := self._of_change(name, first, last)) is not None:
            return side, True
        # "if", "consider": of what follows in the clause; "is possible": of what stands before.
        if near(self._considered, first, name.start) or near(self._considered, name.end, min(last, name.end + 25)):
            return State.CONSIDERED, True
        stopped = near(self._stopped, first, name.start)
        stopped += [c for c in near(self._stopped, name.end, last) if not self._of_another(c, last)]
        active = [c for c in near(self._free_active, first, name.start) if self._reaches(c, name)] or near(
            self._active_after, name.end, min(last, name.end + 30)
        )
        if stopped and not (active and self._closer(active, stopped, name)):
            return State.PAST, True
        if active:
            return State.PRESENT, True
        if self._setting.state is not None:
            return self._setting.state, True
        return State.PRESENT, False

    def _of_change(self, name: Name, first: int, last: int) -> State | None:
        """Whether a name is what something was changed from, or to: another name stands on the other side of the words."""
        if TREATMENTS.isdisjoint(name.kinds):
            return None
        for _, end in self._near(self._handed_over, first, last):
            before = [s for s in self._starts if first <= s < end]  # "A was changed to B", "changed from A to B"
            behind = [s for s in self._starts if end <= s <= end + 12]
            if before and behind and name.start in (before[-1], behind[0]):
                return State.PAST if name.start == before[-1] else State.PRESENT
        return None

    def _relative(self, name: Name, first: int, last: int) -> str:
        """The relative named nearest, before the name in its clause, else behind it."""
        before = [self._text[s:e] for s, e in self._near(self._family, first, name.start)]
        behind = [self._text[s:e] for s, e in self._near(self._family, name.end, last)]
        words = [w.lower().rstrip("s") for w in (*reversed(before), *behind)]
        return next((w for w in words if w in _RELATIVES), "")

    def _denied(self, name: Name, first: int, last: int) -> bool:
        for _, end in self._near(self._no, first, name.start + 1):
            between = self._text[end : name.start]
            if "procedure" in name.kinds and (_SEEN_ON.search(between) or _SHOWED.match(self._text, name.end + 1)):
                continue  # "no vegetation on the echocardiogram" and "neither scan showed one" deny no scan
            crossed = [v for v in self._verbs if end < v <= name.start]
            if not crossed and "(" not in between:
                return True
        for start, end in self._near(self._no_after, name.end, last):
            between = self._text[name.end : start]
            if "procedure" in name.kinds and (_SHOWED.search(between) or self._text[start:end].endswith("negative")):
                continue  # "the MRI showed no evidence of it", "the MRI was negative"
            if len(between) < 60 and not re.search(r"[,;(]\s*(?:but|and|while)\b|\.\s", between):
                return True
        return any(start <= name.start and name.end <= end for start, end in self._no_after)

    def _reaches(self, cue: tuple[int, int], name: Name) -> bool:
        """Whether an "on" stands before the drug that is taken, and not before a date."""
        if self._text[cue[0] : cue[1]].lower() != "on":
            return True
        return re.fullmatch(r"(?: [\w'’%-]+){0,4} ?", self._text[cue[1] : name.start]) is not None

    def _of_another(self, cue: tuple[int, int], last: int) -> bool:
        """Whether words such as "no longer takes" have their own name behind them, and so are not of the one before."""
        if not _TAKES_OBJECT.match(self._text, cue[0]):
            return False
        return any(cue[1] <= start <= cue[1] + 25 and start < last for start in self._starts)

    def _closer(self, some: list[tuple[int, int]], others: list[tuple[int, int]], name: Name) -> bool:
        return _distance(some, name) < _distance(others, name)

    @staticmethod
    def _near(cues: list[tuple[int, int]], first: int, last: int) -> list[tuple[int, int]]:
        return [c for c in cues if first <= c[0] and c[1] <= last]


def _distance(cues: list[tuple[int, int]], name: Name) -> int:
    return min(name.start - c[1] if c[1] <= name.start else c[0] - name.end for c in cues)
