"""Which drug each dose of a sentence belongs to.

A dose goes to the nearest drug on its left or right; what stands between the two decides. Words of a sig, of giving
and of changing a dose cost nothing; unknown words, separators and other findings cost more, and words of measuring
("level", "urine output") forbid the link. The cheaper side wins, the left one on a tie: "A 5 mg, B 10 mg".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from nlp_pipeline.medications.doses import NUMBER, NUMBER_WORDS, UNIT, Amount, amounts_in, number_of
from nlp_pipeline.medications.terms import FORMS
from nlp_pipeline.medications.words import Words

_FREE = frozenset(
    "a an the at of to from by in on into as is was were be been being are has have had he she patient who i his her"
    " their its this that it dose doses dosage dosages dosing strength total daily day days week weeks month months year years"
    " hour hours h d initial initially initiated initiating initiate start started starting commenced commencing began"
    " begun given giving gave received receiving administered administering administration prescribed used using taken"
    " taking take takes treated treatment therapy course regimen continued continue continuing maintained maintenance"
    " maintain increased increasing increase decreased decreasing decrease reduced reducing reduction lowered tapered"
    " tapering taper titrated uptitrated escalated weaned changed adjusted raised up down back again further"
    " approximately about only single loading bolus boluses infusion infusions injection injections injected infused"
    " rate drip continuous continuously intravenous intravenously iv i.v po p.o oral orally im sc sq subcutaneous"
    " subcutaneously intramuscular intramuscularly topical inhaled intrathecal epidural bid tid qid qd qhs od bd tds"
    " q.d b.i.d t.i.d q.i.d o.d prn once twice thrice times every each per mouth morning night bedtime evening over for"
    " then followed reached reaching until equivalent sodium potassium hydrochloride hcl phosphate sulfate sulphate"
    " acetate succinate tartrate maleate mesylate mesilate besylate besilate citrate hydrate fumarate calcium disodium"
    " tromethamine bromide chloride propionate furoate nitrate monohydrate er xr sr xl cr la ir dr hfa ec odt extended"
    " release delayed sustained immediate enteric coated tab cap inj low high dose dosed starting stat respectively"
    " maximum max minimum least most new usual home current currently nightly weekly monthly x s one two three four"
    " generic brand switched now first second third fourth additional alone half cumulative fixed recommended standard"
    " ongoing same also another repeat repeated extra originally recently previously more mon tue tues wed thu thur"
    " thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday mwf between bag bags run running"
    " divided split unit units inject apply instill inhale swallow prophylactic prophylaxis empirical empiric treatment period sig mg g ml kg"
    .split()
) | frozenset(FORMS)  # fmt: skip
_PRICES = {
    ",": 0.5, ";": 4.0, ":": 0.1, ".": 0.7, "(": 0.0, ")": 0.2, "[": 0.0, "]": 0.2, "/": 0.3, "+": 0.5, "-": 0.0,
    "–": 0.0, "—": 0.5, "=": 0.1, "®": 0.0, "™": 0.0, "~": 0.0, "<": 1.0, ">": 0.5, "•": 6.0, "*": 2.0, "#": 6.0,
    "and": 2.0, "or": 2.0, "with": 1.0, "plus": 3.0, "but": 4.0, "however": 5.0, "while": 4.0, "because": 3.0,
    "although": 5.0, "after": 1.5, "before": 1.5,
}  # fmt: skip
_AFTER_BLOCKS = frozenset(
    "level levels concentration concentrations trough peak serum plasma urine urinary output excretion excreted"
    " clearance weight weighed weighing drained drainage yielded voided measuring measured bleeding loss protein"
    " proteinuria aspirated volume estimated revealed revealing showed showing residual diameter mass tumor tumour"
    " uop ebl placenta stones stone sugar diet dietary".split()
)
_BEFORE_FREE = _FREE - frozenset(
    "to from by in on was were be been being is are has have had he she i then followed until reached reaching his her"
    " their given gave received receiving administered started treated switched changed used taking take takes"
    " continued increased decreased reduced tapered weaned prescribed initiated commenced now who patient this that it"
    " for".split()
)
_BEFORE_PRICES = {
    ",": 3.0, ";": 6.0, ":": 4.0, ".": 2.0, "(": 1.0, ")": 0.5, "[": 1.0, "]": 0.5, "/": 0.5, "+": 0.5, "-": 0.0,
    "–": 0.5, "%": 0.0, "®": 0.0, "™": 0.0, "’": 0.0, "'": 0.0, "for": 2.0, "•": 9.0,
}  # fmt: skip
_BEFORE_BLOCKS = _AFTER_BLOCKS | frozenset(
    "and or in with to from by was were is are be been then followed plus until into on after before while but not"
    " without under via than during through given had has have except including blood fluid water effusion milk rice"
    " saline's".split()
)
_ENDS_A_SIG = frozenset(
    "daily bid tid qid qd od bd tds hs qhs qod prn weekly nightly hourly bedtime b.i.d t.i.d q.i.d q.d".split()
)
_STAGES = frozenset(
    "then followed to reduced increased decreased tapered maintained weaned escalated titrated loading maintenance"
    " and subsequently later changed lowered raised for x but now recently".split()
)
_UNKNOWN = 1.5
_RIVAL = 2.5  # an unknown noun right before the dose is likely the drug it belongs to
_LIMIT, _LIMIT_CLASS, _LIMIT_VOLUME, _LIMIT_BEFORE, _LIMIT_NEXT = 6.0, 3.5, 3.0, 3.0, 2.5
_FAR = 24  # words between a drug and its dose at most
_BLOCKED = 99.0
_ADJACENT = {" ": 0.0, "": 0.0, " (": 0.0, "(": 0.0, ": ": 0.1, ", ": 0.5, " - ": 0.0, "-": 0.0, "\n": 0.0}
_NEAR = 90  # characters between a dose and the drug after it at most
_CLOSING = frozenset(",;.\n")
_LIST_GAP = re.compile(r"\s*(?:,|/|\+|&|\band\b|,\s*and\b)\s*", re.IGNORECASE)
_JOINED = re.compile(r"\s?[/+]\s?|[-–]")
_SOLVENT = re.compile(r"\b(?:in|with|to|into)\s+(?:an?\s+)?$", re.IGNORECASE)
_EACH = re.compile(r"\s*(?:\w+\s+){0,2}each\b", re.IGNORECASE)
_SERIES = re.compile(rf"(?:{NUMBER}\s?(?:{UNIT})?\s*(?:,\s*(?:and\s+)?|\s+and\s+)){{1,6}}$", re.IGNORECASE)
_RESPECTIVELY = re.compile(r"[\s,)\w/]{0,30}?\brespectively\b", re.IGNORECASE)
_CHAIN = re.compile(r"[\s,(]*(?:and|then|followed\s+by|to|or|and\s+then|,)*[\s,(]*", re.IGNORECASE)


class Drug(NamedTuple):
    """A drug mention: the index of its entity, its characters with an alias in brackets, and how sure it is a drug."""

    entity: int
    start: int
    end: int
    is_class: bool = False
    is_certain: bool = True


def link_doses(
    text: str, lower: str, words: Words, drugs: list[Drug], low: int, high: int, own_high: int
) -> list[list[Amount]]:
    """The doses of each drug of a sentence, in text order."""
    amounts = amounts_in(text, low, high, lower, not NUMBER_WORDS.isdisjoint(words.texts))
    if amounts:
        amounts = [a for a in amounts if not any(d.start <= a.start and a.end <= d.end for d in drugs)]
    if not amounts:
        return [[] for _ in drugs]
    return _Linker(text, words, drugs, amounts, own_high).links


class _Linker:
    """Links the doses of one sentence; `links[n]` are the doses of the nth drug, in text order."""

    def __init__(self, text: str, words: Words, drugs: list[Drug], amounts: list[Amount], own_high: int) -> None:
        self.text, self.words, self.drugs, self.amounts, self._own_high = text, words, drugs, amounts, own_high
        self.links: list[list[Amount]] = [[] for _ in drugs]
        self.taken: set[int] = set()
        self._link_respectively()
        self._link_nearest()
        self._link_chains()

    def _give(self, drug: int, amount: Amount) -> None:
        self.links[drug].append(amount)
        self.links[drug].sort(key=lambda a: a.start)
        self.taken.add(amount.start)

    def _link_nearest(self) -> None:
        starts = [d.start for d in self.drugs]
        for amount in self.amounts:
            if amount.start in self.taken:
                continue
            right = bisect_left(starts, amount.end)
            left = right - 1
            after = self._cost_after(left, amount) if left >= 0 else _BLOCKED
            before = _BLOCKED
            if right < len(starts) and starts[right] - amount.end < _NEAR and self.text[amount.end] not in _CLOSING:
                before = self._cost_before(right, amount)
            if before < after and before <= _LIMIT_BEFORE:
                self._give(right, amount)
            elif after <= self._limit(left, amount):
                left = self._dissolved(self._first_part(left), amount)
                self._give(left, amount)
                self._share(left, amount)

    def _limit(self, left: int, amount: Amount) -> float:
        if left < 0:
            return -1.0
        drug = self.drugs[left]
        if amount.start >= self._own_high:
            if drug.is_class or not drug.is_certain or amount.is_volume:
                return -1.0
            return _LIMIT_NEXT + (1.0 if self.links[left] else 0.0)
        if not drug.is_certain:
            return 0.3
        if amount.is_volume:
            return _LIMIT_VOLUME
        return _LIMIT_CLASS if drug.is_class else _LIMIT

    def _cost_after(self, number: int, amount: Amount) -> float:
        """The price of "drug ... dose"."""
        drug, own = self.drugs[number], self.links[number]
        if not own and not drug.is_class and (cost := _ADJACENT.get(self.text[drug.end : amount.start])) is not None:
            return cost
        low, high = self.words.range(drug.end, amount.start)
        if high - low > _FAR + 8 * len(own):
            return _BLOCKED
        others = [a for a in self.amounts if drug.end <= a.start < amount.start and a not in own]
        skipped = [(a.start, a.end) for a in (*own, *others)]
        cost = 1.5 * len(others) + (0.5 if drug.is_class else 0.0)
        texts, starts = self.words.texts, self.words.starts
        last, depth = "", 0
        for position in range(low, high):
            name, start = texts[position], starts[position]
            if skipped and any(a <= start < b for a, b in skipped):
                last = ""
                continue
            depth += (name in "([") - (name in ")]") if len(name) == 1 else 0
            if depth > 0 and self._closes(position, high, skipped):
                cost += 0.05  # an aside in brackets: maker, brand, abbreviation
                last = ""
                continue
            cost += 1.0 if own and name == "but" else _price(name, depth)
            if cost > _LIMIT:
                return _BLOCKED
            last = name
        if _is_unknown_noun(last):
            cost += _RIVAL
        return cost + self._cost_of_another(drug, own, amount, low, high) if own else cost

    def _cost_of_another(self, drug: Drug, own: list[Amount], amount: Amount, low: int, high: int) -> float:
        """What a second dose for a drug adds: little where the text says how one follows the other."""
        texts, starts = self.words.texts, self.words.starts
        follows = any(texts[i] in _STAGES or texts[i] == "," for i in range(low, high) if starts[i] >= own[-1].end)
        near = own[-1].end <= amount.start <= own[-1].end + 3
        ahead = not any(a.start >= drug.end for a in own)  # it has its dose in front: "2 mg A, 5 mg B"
        return (0.5 if follows or near else 1.5) + (1.0 if ahead else 0.0)

    def _closes(self, position: int, high: int, skipped: list[tuple[int, int]]) -> bool:
        """Whether the bracket that is open at this word is closed before the dose without holding one."""
        texts, starts = self.words.texts, self.words.starts
        closing = next((starts[i] for i in range(position, high) if texts[i] in {")", "]"}), -1)
        return closing >= 0 and not any(starts[position] <= a < closing for a, _ in skipped)

    def _cost_before(self, number: int, amount: Amount) -> float:
        """The price of "dose ... drug"."""
        drug = self.drugs[number]
        low, high = self.words.range(amount.end, drug.start)
        if high - low > 12:
            return _BLOCKED
        inner = [a for a in self.amounts if amount.end <= a.start < drug.start]
        cost, depth, has_of, last = 0.3 if drug.is_class else 0.0, 0, False, ""
        for position in range(low, high):
            name, start = self.words.texts[position], self.words.starts[position]
            if name == "," and last in _ENDS_A_SIG:
                return _BLOCKED  # "5 mg daily, A": the dose is that of a drug before it which nobody knows
            last = name
            depth += (name in "([") - (name in ")]") if len(name) == 1 else 0
            if depth > 0 or any(a.start <= start < a.end for a in inner):
                continue
            has_of = has_of or name == "of"
            cost += _price_before(name)
            if cost > _LIMIT_BEFORE:
                return _BLOCKED
        if depth > 0 or (not drug.is_certain and high > low and not (has_of and cost == 0)):
            return _BLOCKED
        return cost - (0.2 if has_of else 0.0)

    def _first_part(self, number: int) -> int:
        """The first drug of a combination: the dose of "A/B 240/4 mg" is that of the product, which A names first."""
        while (
            number > 0
            and not self.links[number]
            and not self.links[number - 1]
            and _JOINED.fullmatch(self.text, self.drugs[number - 1].end, self.drugs[number].start)
        ):
            number -= 1
        return number

    def _dissolved(self, number: int, amount: Amount) -> int:
        """The drug before its solvent: the rate of "4 mg of A in 250 mL of B at 5 mcg/min" is that of A."""
        own = self.links[number]
        if number == 0 or amount.is_volume or not own or not all(a.is_volume for a in own):
            return number
        before = self.text[max(0, own[0].start - 12) : own[0].start]
        return number - 1 if _SOLVENT.search(before) and self.links[number - 1] else number

    def _share(self, left: int, amount: Amount) -> None:
        """ "A and B 75 mg each": the dose of the last drug is that of the list."""
        if _EACH.match(self.text, amount.end, amount.end + 30) is None:
            return
        for number in range(left - 1, -1, -1):
            if self.links[number] or not _LIST_GAP.fullmatch(
                self.text, self.drugs[number].end, self.drugs[number + 1].start
            ):
                return
            self._give(number, amount)

    def _link_respectively(self) -> None:
        """ "A, B and C (10, 20 and 30 mg, respectively)": numbers and drugs in the same order."""
        if "respectively" not in self.words.texts:
            return
        for number, amount in enumerate(self.amounts):
            if _RESPECTIVELY.match(self.text, amount.end, amount.end + 45) is None:
                continue
            listed = self._listed(number)
            before = [i for i, d in enumerate(self.drugs) if d.end <= listed[0].start]
            after = [i for i, d in enumerate(self.drugs) if d.start >= listed[-1].end]
            chosen = before[-len(listed) :] if len(before) >= len(listed) else after[: len(listed)]
            if len(listed) > 1 and len(chosen) == len(listed):
                for drug, own in zip(chosen, listed, strict=True):
                    self._give(drug, own)

    def _listed(self, number: int) -> list[Amount]:
        """The doses of a list that ends with this one; a bare number has the unit of the last."""
        last = self.amounts[number]
        floor = max(last.start - 90, self.words.starts[0])
        series = _SERIES.search(self.text[floor : last.start])
        if series is None:
            return [last]
        begin = floor + series.start()
        known = {a.start: a for a in self.amounts if begin <= a.start < last.start}
        listed = []
        for match in re.finditer(NUMBER, series[0]):
            start = begin + match.start()
            value = number_of(match[0])
            bare = last._replace(
                start=start, end=begin + match.end(), dose=last.dose.model_copy(update={"value": value}), high=None
            )
            listed.append(known.get(start, bare))
        return [*listed, last]

    def _link_chains(self) -> None:
        """ "300 mg followed by 75 mg of A": a dose that leads to a linked one in front of its drug."""
        for number in range(len(self.amounts) - 2, -1, -1):
            amount, following = self.amounts[number], self.amounts[number + 1]
            if amount.start in self.taken or following.start not in self.taken or amount.is_counted:
                continue
            owner = next(i for i, own in enumerate(self.links) if following in own)
            if self.drugs[owner].start >= following.end and _CHAIN.fullmatch(self.text, amount.end, following.start):
                self._give(owner, amount)


def _price(word: str, depth: int) -> float:
    if word in _FREE:
        return 0.0
    if word in _AFTER_BLOCKS:
        return _BLOCKED
    if word in _PRICES:
        return 0.3 if word == ";" and depth > 0 else _PRICES[word]
    if word[0].isdigit() or not word[0].isalnum():
        return 0.4
    if word.endswith("ly") or len(word) == 1:
        return 0.3
    return _UNKNOWN


def _price_before(word: str) -> float:
    if word in _BEFORE_FREE:
        return 0.0
    if word in _BEFORE_BLOCKS:
        return _BLOCKED
    if word in _BEFORE_PRICES:
        return _BEFORE_PRICES[word]
    if word[0].isdigit():
        return 0.1
    return 0.2 if word.endswith(("ly", "al", "ous", "ed", "ic")) else 1.2


def _is_unknown_noun(word: str) -> bool:
    """Whether the word right before a dose may be the name of another drug."""
    return (
        len(word) > 3
        and word.isalpha()
        and word not in _FREE
        and word not in _PRICES
        and not word.endswith(("ly", "ing"))
    )
