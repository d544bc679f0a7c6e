"""Names of people: by what stands before or after them, by the word lists, and then wherever the same name stands again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nlp_pipeline.deidentify import name_cues as cues
from nlp_pipeline.deidentify.lexicons import Lexicons, lexicons


class NameSpan(NamedTuple):
    """Characters that are a name; `sure` where a title, a label or a signature says so."""

    start: int
    end: int
    sure: bool


class _Word(NamedTuple):
    text: str
    lower: str
    start: int
    end: int


def find_names(text: str, known_names: Sequence[str] = ()) -> list[NameSpan]:
    """The names of people in a text, in order, without overlaps."""
    finder = _Finder(text)
    finder.by_title()
    finder.by_label()
    finder.by_credential()
    finder.by_relation()
    finder.by_lexicon()
    finder.again(known_names)
    return finder.merged()


class _Finder:
    """The words of one text and the names found among them so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lex: Lexicons = lexicons()
        self._given = self._lex.given
        self._words = list(_words_of(text))
        self._starts = [word.start for word in self._words]
        self._lower_case = {word.text for word in self._words if word.text.islower()}
        self._name: dict[int, bool] = {}  # index of a word that is part of a name -> sure
        self._run_of: dict[int, int] = {}  # index of such a word -> of the first word of its name

    # Each rule marks words.

    def by_title(self) -> None:
        for i, word in enumerate(self._words):
            if (
                word.lower in cues.TITLES
                and word.text[0].isupper()
                and (len(word.text) > 1)
                and word.lower not in {"sr", "st"}
            ):
                if (word.text.isupper() and len(word.text) > 3) or not cues.TITLE_GAP.match(self._text, word.end):
                    continue
                run = self._run(i + 1) or self._any_capital(i + 1)
                self._mark(run, sure=True)
                if run and word.lower == "drs":
                    self._list(run[-1] + 1, titled=True)

    def by_label(self) -> None:
        for match in cues.LABEL.finditer(self._text):
            self._mark_at(match.end(), sure=True, listed=True)
        for match in cues.BY.finditer(self._text):
            self._mark_at(match.end(), sure=True, listed=True)

    def by_credential(self) -> None:
        for match in cues.CREDENTIAL.finditer(self._text):
            last = bisect_left(self._starts, match.start()) - 1
            if last < 0 or self._words[last].end != match.start():
                continue
            run, i = [last], last
            while (
                len(run) < cues.MAX_WORDS
                and i > 0
                and self._joined(i - 1, i)
                and self._could_be_name(i - 1, alone=False)
            ):
                i -= 1
                run.insert(0, i)
            if len(run) > 1 and self._any_capital(last) and not self._is_clinical(last):
                self._mark(run, sure=True)
                continue
            good = [j for j in run if len(self._words[j].text) > 1]
            if good and self._could_be_name(last, alone=len(good) == 1) and (len(run) > 1 or match[0][0] == ","):
                self._mark(run, sure=True)

    def by_relation(self) -> None:
        for i, word in enumerate(self._words[:-1]):
            if word.lower not in cues.RELATIONS:
                continue
            gap = self._text[word.end : self._words[i + 1].start]
            if gap not in {" ", ", ", " (", ": ", ' "', " - "}:
                continue
            j = i + 2 if self._words[i + 1].lower in {"is", "named", "called"} and i + 2 < len(self._words) else i + 1
            run = self._run(j)
            if run and (self._is_given(run[0]) or self._unknown(run[0]) or (self._listed(run[0]) and gap != ": ")):
                self._mark(run, sure=False)

    def by_lexicon(self) -> None:
        i = 0
        while i < len(self._words):
            run = self._lexical(i)
            self._mark(run, sure=False)
            i = run[-1] + 1 if run else i + 1

    def _lexical(self, i: int) -> list[int]:
        word = self._words[i]
        if i in self._name or not word.text[0].isupper():
            return []
        lower = word.lower
        if lower in self._given:
            run = self._run(i)
            if len(run) > 1 and self._ends_as_name(run) and not self._eponym(run[-1]):
                return run
            if self._could_stand_alone(i):
                return [i]
            return []
        if len(word.text) == 1:  # "J. Okafor", "J. R. Smith"
            run = self._run(i)
            last = self._words[run[-1]] if run else word
            if len(run) < 2 or self._eponym(run[-1]):
                return []
            listed = last.lower in self._lex.surnames and last.lower not in self._lex.common
            before = self._words[i - 1].lower if i else ""
            introduced = before in cues.AFTER_BY | {"of"} and self._unknown(run[-1])
            return run if listed or introduced or self._next(run[-1]) in cues.PERSON_VERBS else []
        if self._comma_name(i):
            return self._run_after_comma(i)
        return [*self._lone(i)]

    def _lone(self, i: int) -> Iterator[int]:
        """A surname, or a pair of unknown capitalised words, beside a word that people do."""
        word = self._words[i]
        before = self._words[i - 1].lower if i and self._text[self._words[i - 1].end : word.start] == " " else ""
        if word.text.isupper():
            return
        if word.lower in self._lex.surnames and self._unknown(i, listed=True) and not self._eponym(i):
            if (
                before in {"by", "with", "per", "cc", "named", "called", "nok", "poa", "dear"}
                or self._next(i) in cues.SPEAKS
            ):
                yield i
        elif before in cues.AFTER_BY and self._unknown(i):
            run = self._run(i)
            if len(run) == 2 and all(self._unknown(j) for j in run) and not self._eponym(run[-1]):
                yield from run
        elif self._unknown(i):
            run = self._run(i)
            if (
                len(run) == 2
                and self._unknown(run[1], listed=True)
                and self._next(run[1]) in cues.PERSON_VERBS
                and not self._eponym(run[1])
            ):
                yield from run
            elif len(run) == 1 and self._next(i) in cues.PEOPLE_ONLY:
                yield i

    def again(self, known_names: Sequence[str]) -> None:
        """Mark the parts of the names that were found, and of those that are known, wherever else they stand."""
        parts: set[str] = {m[0].lower() for name in known_names for m in cues.WORD.finditer(name)}
        parts |= {self._words[i].lower for i in self._name}
        parts -= cues.PARTICLES | cues.SUFFIXES | cues.TITLES
        for i, word in enumerate(self._words):
            if i in self._name or len(word.text) < 2 or not word.text[0].isupper() or word.lower not in parts:
                continue
            if len(word.text) == 2 and word.lower not in self._lex.surnames | self._given:
                continue
            if self._is_word(word.lower) and not self._acts_as_name(i):
                continue
            if not self._eponym(i) and not cues.GRADED.match(self._text, word.end):
                self._name[i] = False

    def merged(self) -> list[NameSpan]:
        """Neighbouring words as one span."""
        spans: list[NameSpan] = []
        previous = -2
        for i in sorted(self._name):
            word = self._words[i]
            end = word.end
            together = previous == i - 1 and self._run_of.get(previous, -1) == self._run_of.get(i, -2)
            if spans and (together or (previous == i - 1 and self._joined(previous, i))):
                spans[-1] = NameSpan(spans[-1].start, end, spans[-1].sure or self._name[i])
            else:
                spans.append(NameSpan(word.start, end, self._name[i]))
            previous = i
        return spans

    # What the rules ask of a word.

    def _mark(self, run: list[int], sure: bool) -> None:
        for i in run:
            self._name[i] = self._name.get(i, False) or sure
            self._run_of[i] = run[0]

    def _mark_at(self, position: int, sure: bool, listed: bool) -> None:
        i = bisect_left(self._starts, position)
        if (
            i < len(self._words)
            and self._text[position : self._words[i].start].strip(' "“(\t') == ""
            and "\n" not in self._text[position : self._words[i].start]
        ):
            if self._words[i].lower in cues.TITLES:
                return
            run = self._run_after_comma(i) if self._comma_name(i, labelled=True) else self._run(i)
            if not run or (len(run) == 1 and not self._labelled(run[0])):
                return
            self._mark(run, sure)
            if listed:
                self._list(run[-1] + 1)

    def _any_capital(self, i: int) -> list[int]:
        """The word after a title is a name whatever else it means: "Dr. Short"."""
        word = self._words[i] if i < len(self._words) else None
        plain = word is not None and len(word.text) > 2 and word.text[0].isupper() and not word.text.isupper()
        return [i] if plain and word and word.lower not in cues.TITLES | cues.NOT_AFTER_TITLE else []

    def _labelled(self, i: int) -> bool:
        """Whether one word after a label is a name: also an eponym, which no label introduces."""
        lower = self._words[i].lower
        listed = lower in self._lex.surnames and lower not in self._lex.common
        return listed or self._is_given(i) or self._unknown(i)

    def _list(self, i: int, titled: bool = False) -> None:
        """ "Drs. Okafor, Lindqvist and Chen": the names that follow, while they look like names."""
        while 0 < i < len(self._words):
            gap = self._text[self._words[i - 1].end : self._words[i].start]
            if self._words[i].lower in {"and"} and gap in {" ", ", "}:
                i += 1
                continue
            before = self._words[i - 1].lower == "and"
            if gap not in {", ", " ", " & "} or (gap == " " and not before):
                return
            run = self._run(i) or (self._any_capital(i) if titled else [])
            if not run or not (titled or self._is_given(run[0]) or self._unknown(run[0], listed=True)):
                return
            self._mark(run, sure=True)
            i = run[-1] + 1

    def _run(self, i: int) -> list[int]:
        """The words from i on that make one name, on one line."""
        run: list[int] = []
        solid = 0
        while i < len(self._words) and len(run) < cues.MAX_WORDS:
            word = self._words[i]
            if run and not self._joined(run[-1], i):
                break
            if word.lower in cues.PARTICLES and not word.text.isupper() and self._leads_on(i):
                run.append(i)
            elif run and solid and word.lower in cues.SUFFIXES:
                run.append(i)
                break
            elif self._could_be_name(i, alone=not run) and not self._shouts(run, i):
                run.append(i)
                solid += len(word.text) > 1
            else:
                break
            i += 1
        while run and (
            self._words[run[-1]].lower in cues.PARTICLES or (len(self._words[run[-1]].text) == 1 and len(run) == 1)
        ):
            run.pop()
        return run if any(len(self._words[j].text) > 1 for j in run) else []

    def _leads_on(self, i: int) -> bool:
        following = i + 1
        limit = min(len(self._words), i + cues.MAX_WORDS)
        while following < limit and self._words[following].lower in cues.PARTICLES:
            following += 1
        return (
            following < len(self._words)
            and self._joined(following - 1, following)
            and self._could_be_name(following, alone=False)
        )

    def _shouts(self, run: list[int], i: int) -> bool:
        """An acronym after a name in ordinary letters is not part of it."""
        word = self._words[i]
        return (
            bool(run)
            and len(word.text) > 1
            and word.text.isupper()
            and not all(self._words[j].text.isupper() for j in run)
        )

    def _could_be_name(self, i: int, alone: bool) -> bool:
        word = self._words[i]
        if not word.text[0].isupper():
            return False
        if len(word.text) == 1:
            if self._text[word.end : word.end + 1].isdigit():  # "G2P1"
                return False
            return word.text != "I" or self._text[word.end : word.end + 2] == ". "
        lower = word.lower
        if lower[1] == "-":  # "B-cell"
            return False
        if lower in cues.TITLES or lower in cues.HEADS or lower in cues.DEGREES:
            return False
        if lower in self._given or lower in self._lex.surnames:
            return True
        return not self._is_word(lower) and not (word.text.isupper() and len(word.text) <= 3)

    def _is_word(self, lower: str) -> bool:
        lex = self._lex
        if lower in lex.common or lower in lex.clinical or lower in lex.ambiguous or lower in lex.eponyms:
            return True
        parts = [part for part in lower.split("-") if len(part) > 2]
        if len(parts) < 2:
            return False
        named = [part in lex.surnames or part in lex.given for part in parts]
        if all(named) and not all(p in lex.eponyms for p in parts):
            return False
        if any(named) and not all(p in lex.eponyms | lex.clinical for p in parts):
            return False  # "Novak-Young", unlike "Epstein-Barr"
        return any(part in lex.common or part in lex.clinical or part in lex.eponyms for part in parts)

    def _is_clinical(self, i: int) -> bool:
        return self._words[i].lower in self._lex.clinical or self._words[i].lower in self._lex.eponyms

    def _unknown(self, i: int, listed: bool = False) -> bool:
        """A capitalised word that is none of the language: neither common, clinical nor written small elsewhere in the text."""
        word = self._words[i]
        if (
            len(word.text) < 3
            or not word.text[0].isupper()
            or word.lower in self._lower_case
            or word.lower in cues.TITLES | cues.HEADS | cues.RELATIONS
        ):
            return False
        if listed and word.lower in self._lex.surnames and word.lower not in self._lex.common | self._lex.eponyms:
            return True
        return (
            not self._is_word(word.lower)
            and word.lower not in self._lex.places
            and not cues.LOOKS_LIKE_DRUG.search(word.lower)
            and not word.text.isupper()
        )

    def _is_given(self, i: int) -> bool:
        return self._words[i].lower in self._given and self._words[i].lower not in self._lex.common

    def _listed(self, i: int) -> bool:
        return self._words[i].lower in self._given and not self._words[i].text.isupper()

    def _ends_as_name(self, run: list[int]) -> bool:
        first, last = self._words[run[0]], self._words[run[-1]]
        if last.lower in self._lex.common and last.lower not in self._lex.surnames:
            return False
        if any(len(self._words[j].text) == 1 for j in run[1:-1]):  # "Rose B. White"
            return True
        if first.lower in self._lex.ambiguous:
            return (
                (last.lower in self._lex.surnames and last.lower not in self._lex.common)
                or self._unknown(run[-1])
                or last.lower in cues.SUFFIXES
            )
        return True

    def _could_stand_alone(self, i: int) -> bool:
        word = self._words[i]
        if self._eponym(i) or (word.text.isupper() and len(word.text) < 5):
            return False
        if word.lower in self._lex.ambiguous or word.lower in self._lex.eponyms or word.lower in self._lex.surnames:
            return self._next(i) in cues.SPEAKS
        return word.lower not in self._lower_case

    def _acts_as_name(self, i: int) -> bool:
        """A name that is also a word: not at the start of a sentence, unless it does what people do."""
        word = self._words[i]
        if word.lower in self._lex.eponyms:
            return self._next(i) in cues.SPEAKS
        if word.lower in cues.MONTHS and i and self._words[i - 1].lower in cues.BEFORE_MONTHS:
            return False
        opened = self._text[max(0, word.start - 2) : word.start].strip(" ")
        starts = not opened or opened[-1] in ".!?:\n-•*"
        return self._next(i) in cues.SPEAKS or (
            not starts and word.lower not in self._lex.clinical and not word.text.isupper()
        )

    def _comma_name(self, i: int, labelled: bool = False) -> bool:
        """ "Okafor, Daniel": a surname, then a given name that is no word."""
        if i + 1 >= len(self._words) or self._text[self._words[i].end : self._words[i + 1].start] not in {", ", ","}:
            return False
        first, second = self._words[i], self._words[i + 1]
        if not self._could_be_name(i, alone=True) or not second.text[0].isupper() or len(second.text) < 2:
            return False
        if labelled:
            return self._could_be_name(i + 1, alone=True) and (
                not self._is_word(second.lower) or second.lower in self._given
            )
        sure_given = second.lower in self._given and second.lower not in self._lex.ambiguous
        listed = first.lower in self._lex.surnames and first.lower not in self._lex.given
        return sure_given and (listed or self._unknown(i)) and first.lower not in self._lex.places

    def _run_after_comma(self, i: int) -> list[int]:
        return [i, *self._run(i + 1)[:3]]

    def _joined(self, i: int, j: int) -> bool:
        gap = self._text[self._words[i].end : self._words[j].start]
        initial = len(self._words[i].text) == 1 or self._words[i].lower in cues.SUFFIXES | {"st"}
        return (
            gap in {" ", "  ", '"', ' "', '" '}
            or (initial and gap in {". ", "."})
            or (gap == ", " and self._words[j].lower in cues.SUFFIXES)
        )

    def _next(self, i: int) -> str:
        if i + 1 >= len(self._words) or self._text[self._words[i].end : self._words[i + 1].start] != " ":
            return ""
        return self._words[i + 1].text

    def _eponym(self, i: int) -> bool:
        """ "Graves disease", "Murphy's sign": the name of a thing."""
        text, end = self._text, self._words[i].end
        if text[end : end + 1] in {"-", "–", "/"}:
            return True
        j = i + 1
        gap = text[end : self._words[j].start] if j < len(self._words) else ""
        if gap.strip("'’s ") or not gap or "\n" in gap:
            return False
        acts = self._words[j].text in cues.PERSON_VERBS  # "Grace reports pain"
        for step in (j,) if acts else (j, j + 1):
            if (
                step < len(self._words)
                and self._words[step].lower in cues.HEADS
                and text[self._words[step - 1].end : self._words[step].start].strip("'’s -") == ""
            ):
                return True
        return False


def _words_of(text: str) -> Iterator[_Word]:
    """The words, each without its possessive ending."""
    for match in cues.WORD.finditer(text):
        word = match[0]
        if len(word) > 2 and word[-1] in "sS" and word[-2] in "'’":
            word = word[:-2]
        yield _Word(word, cues.APOSTROPHES.sub("", word.lower()), match.start(), match.start() + len(word))
