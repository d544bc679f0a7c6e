"""Where a list of absent things ends: "no fever, no chills, sore throat" denies two of the three."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING

from nlp_pipeline.context.rules import load_lists

if TYPE_CHECKING:
    from nlp_pipeline.context.cues import Cue, CueFinder
    from nlp_pipeline.context.words import Words

_CATEGORY = "NEGATED_EXISTENCE"


class AbsentList:
    """Ends the forward scope of a negation where what its list goes on with is present."""

    def __init__(self, cues: CueFinder) -> None:
        lists = load_lists()
        self._cues = cues
        self._comma = next(iter(cues.keys([","])))
        self._and, self._or = cues.keys(["and", "&"]), cues.keys(["or", "nor"])
        self._articles = cues.keys(["a", "an", "any"])
        self._subordinate = cues.keys(["that", "which", "who", "whom", "since", "when", "after", "before", "where"])
        self._with = cues.keys(["with", "w/", "w"])
        self._determiners = cues.keys(["no", "without", "w/o", "with"])
        self._organs = cues.keys([word for word in [*lists["organ"], *lists["part"]] if " " not in word])
        self._affirming, self._states = cues.keys(lists["affirming"]), cues.keys(lists["state"])
        self._openers, self._verbs = cues.keys([*lists["opener"], *lists["mild"]]), cues.keys(lists["verb"])
        self._definite = cues.keys(["the", "his", "her", "its", "their", "this", "these"])
        self._of = next(iter(cues.keys(["of"])))
        self._places, self._transparent = cues.keys(lists["place"]), cues.keys(lists["transparent"])
        self._hyphens = cues.keys(["-", "–"])
        self._stops = cues.keys([".", ";", ")"])
        self._examples = cues.keys(lists["example"])

    def end(self, words: Words, cues: list[Cue], ends: list[Cue], cue: Cue, limit: int) -> int:
        """The end of the scope of a cue, at most the limit.

        Args:
            words: The text.
            cues: The cues of the sentence, in text order.
            ends: The terminators of the sentence.
            cue: A negation with a forward scope.
            limit: Where the scope ends for other reasons.
        """
        return self._before_place(words.keys, cue, self._end(words, cues, ends, cue, limit))

    def _end(self, words: Words, cues: list[Cue], ends: list[Cue], cue: Cue, limit: int) -> int:
        """`end` before what the last item says of its place."""
        keys = words.keys
        limit = self._next_denial(keys, cues, cue, limit)
        commas, last = [], -1  # and the last "or"
        for i, key in enumerate(keys[cue.end : limit], cue.end):
            if key == self._comma:
                commas.append(i)
            elif key in self._or:
                last = i
        own = keys[cue.start] in self._determiners
        if own and last > 0 and (joint := self._joint_after(keys, cue.end, last, limit)):
            return joint
        if not commas:
            return limit
        repeated = own and self._repeats(keys, cues, cue)
        verb = limit + 1 if any(other.start == limit for other in chain(cues, ends)) else limit  # "..., pain improved"
        for comma, following in pairwise([*commas, limit]):
            if comma < last:
                if own:
                    continue
                return limit
            if comma + 1 < limit and keys[comma + 1] in self._examples:
                return limit
            alone = comma == commas[-1]  # a longer tail is more of the same list, carelessly joined
            # One word more ("no chest pain, no nausea, vomiting") belongs to the word before it.
            several = sum(key not in self._stops for key in keys[comma + 1 : following]) > 1
            if (alone and ((repeated and several) or (own and last > 0))) or self._turns(
                words, cue, comma, following, verb if following == limit else following
            ):
                return comma
        return limit

    def _next_denial(self, keys: list[int], cues: list[Cue], cue: Cue, limit: int) -> int:
        """Where the statement of the next "no" begins: "clear without rales, heart had no murmur"."""
        for other in cues:
            if other.start >= limit:
                break
            rule = other.rule
            if other.start <= cue.end or rule.category != _CATEGORY or rule.direction != "FORWARD":
                continue
            if keys[other.start] not in self._determiners:
                continue
            for i in range(other.start - 1, cue.end, -1):
                if keys[i] in self._or:
                    break
                if keys[i] == self._comma or keys[i] in self._and:
                    return i - 1 if keys[i - 1] == self._comma else i
            break
        return limit

    def _before_place(self, keys: list[int], cue: Cue, limit: int) -> int:
        """Where a known thing begins at which the absent one would be: "no leak around the graft".

        Only without a list after it, whose items are denied too; "no recurrence of the tumor" denies the tumor.
        """
        for i in range(limit - 2, cue.end, -1):
            if keys[i] == self._comma or keys[i] in self._and or keys[i] in self._or:
                break
            if keys[i + 1] not in self._definite or keys[i - 1] in self._transparent:
                continue
            if keys[i] in self._places or keys[i] == self._of:
                return i
        return limit

    def _joint_after(self, keys: list[int], start: int, last: int, limit: int) -> int:
        """The "and" behind a closed list without commas: "no stone or mass and a large prostate"."""
        if any(keys[i] == self._comma or keys[i] in self._and for i in range(start, last)):
            return 0
        for i in range(last + 1, limit):
            if keys[i] == self._comma:
                break
            if keys[i] in self._and:
                opens = i + 1 < limit and (keys[i + 1] in self._openers or self._cues.is_number(keys[i + 1]))
                return i if opens else 0
        return 0

    def _counts(self, item: list[int]) -> bool:
        """Whether a number stands in an item by itself, and not as in "herpes virus-8"."""
        return any(
            self._cues.is_number(key) and (not i or item[i - 1] not in self._hyphens) for i, key in enumerate(item)
        )

    def _repeats(self, keys: list[int], cues: list[Cue], cue: Cue) -> bool:
        """Whether the item before has the same "no": then an item without one is not denied."""
        if not (keys[cue.start - 1] == self._comma or keys[cue.start - 1] in self._and):
            return False
        return any(
            o.end < cue.start and o.rule.category == _CATEGORY and keys[o.start] == keys[cue.start]
            for o in cues
            if o.rule.direction == "FORWARD"
        )

    def _turns(self, words: Words, cue: Cue, comma: int, end: int, verb: int) -> bool:
        """Whether the item after a comma is a statement of its own: "no rash, wound healing well"."""
        item, said = words.keys[comma + 1 : end], words.keys[comma + 1 : verb]
        if not item:
            return False
        if not self._affirming.isdisjoint(said) or self._counts(item):
            return True
        if item[0] in self._openers or (item[0] in self._organs and item[1:2] and item[1] in self._with):
            return True
        if item[0] in self._articles:
            return self._articles.isdisjoint(words.keys[cue.end : comma])
        if not self._verbs.isdisjoint(said) and self._subordinate.isdisjoint(item):
            return True
        return next((key in self._states for key in reversed(item) if key not in self._stops), False)
