"""What stands for an identifier: derived from the key, the patient and the identifier, so that nothing has to be stored.

The first letter of a name is mapped too, one letter to one letter for each patient, so that "J. Okafor" and "John Okafor"
stay the same person.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nlp_pipeline.deidentify.lexicons import lexicons, streets
from nlp_pipeline.deidentify.sealing import keyed

_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_KEPT = frozenset("de la del van von der den bin ibn al el da dos das di du le ter ten jr sr ii iii iv y e af".split())
_WEEKS = (8, 52)  # a shift of whole weeks keeps the day of the week, which notes name


class Surrogates:
    """The surrogates of one patient under one key."""

    def __init__(self, key: bytes, patient_id: str) -> None:
        self._key, self._patient = key, patient_id

    @property
    def days(self) -> int:
        """How far the patient's dates move: whole weeks, back or forth, up to a year."""
        raw = int.from_bytes(self._bytes("shift", "")[:4], "big")
        weeks = _WEEKS[0] + raw // 2 % (_WEEKS[1] - _WEEKS[0] + 1)
        return 7 * weeks * (-1 if raw % 2 else 1)

    def name(self, written: str, family: bool) -> str:
        """Another name of the same shape: particles, initials, order and letter case stay.

        Args:
            written: The characters of the name.
            family: Whether a word that stands alone and is in no list is a surname.
        """
        words = [match[0].lower() for match in _NAME_WORD.finditer(written)]
        full = [word for word in words if len(word) > 1 and word not in _KEPT]
        reversed_order = "," in written
        last = full[0 if reversed_order else -1] if full else ""

        def replace(match: re.Match[str]) -> str:
            word = match[0]
            lower = word.lower()
            if lower in _KEPT and len(words) > 1:
                return word
            if len(word) == 1:
                return self._letter(lower).upper() if word.isupper() else self._letter(lower)
            if len(full) > 1:
                family_name = lower == last or (lower != full[0] and self._alone(lower, family=False))
            else:
                family_name = self._alone(lower, family)
            return _cased(self._word(lower, family_name), word)

        return _NAME_WORD.sub(replace, written)

    def place(self, written: str) -> str:
        """Another address, town or post code; numbers stay numbers."""
        if any(char.isdigit() for char in written):
            street = re.match(
                r"(\d+[A-Z]?\s+(?:[NSEW]{1,2}\.?\s+)?)(.*?)(\s\S+?\.?)((?:,?\s+(?:Apt|Apartment|Unit|Suite|Ste|Room|Rm|Floor|Fl|Flat|#).*)?)$",
                written,
            )
            if street and not written.lower().startswith(("p.o", "po")):
                return (
                    self.number(street[1])
                    + self._street(street[2])
                    + street[3]
                    + self.number(street[4], digits_only=True)
                )
            return self.number(written, digits_only=written[:1] in "Pp")
        towns = _pool("places")
        return _cased(self._pick(towns, "town", written.lower()).title(), written)

    def hospital(self, written: str) -> str:
        """Another name; the kind of institution stands beside it and stays."""
        return self._street(written)

    def number(self, written: str, digits_only: bool = False) -> str:
        """Another number of the same form: digits for digits, letters for letters."""
        plain = "".join(char for char in written.lower() if char.isalnum())
        stream = self._bytes("number", plain)
        while len(stream) < len(written):
            stream += keyed(self._key, "more", stream.hex())
        out = []
        for char, byte in zip(written, stream, strict=False):
            if char.isdigit():
                out.append(str(byte % 10))
            elif char.isalpha() and char.isascii() and not digits_only:
                out.append(chr((65 if char.isupper() else 97) + byte % 26))
            else:
                out.append(char)
        return "".join(out)

    def phone(self, written: str) -> str:
        """Another number whose exchange is 555, which is nobody's."""
        digits = self.number(written, digits_only=True)
        local = re.search(r"(\d{3})(?=[\s.-]?\d{4}(?!\d))", digits)
        return digits if local is None else digits[: local.start()] + "555" + digits[local.end() :]

    def email(self, written: str) -> str:
        """Another address, in the domain that is kept for examples."""
        return f"user{self._bytes('email', written.lower()).hex()[:8]}@example.org"

    def url(self, written: str) -> str:
        """Another address, in the domain that is kept for examples."""
        return f"https://example.org/{self._bytes('url', written.lower()).hex()[:8]}"

    def ip(self, written: str) -> str:
        """Another address, in the ranges that are kept for documentation."""
        raw = self._bytes("ip", written.lower())
        return f"2001:db8::{raw.hex()[:4]}" if ":" in written else f"192.0.2.{raw[0]}"

    def _alone(self, lower: str, family: bool) -> bool:
        lex = lexicons()
        given, surname = lower in lex.given, lower in lex.surnames
        return family if given == surname else surname

    def _word(self, lower: str, surname: bool) -> str:
        lex = lexicons()
        if surname:
            kind = "surnames"
        else:
            male, female = lower in lex.male, lower in lex.female
            kind = "given" if male == female else "male" if male else "female"
        letter = self._letter(lower[0])
        # "Mariana" would tell Maria.
        others = tuple(n for n in _pool(kind) if n[0] == letter and lower not in n and n not in lower)
        return self._pick(others or _pool(kind), kind, lower)

    def _letter(self, letter: str) -> str:
        return self._pick(_letters(), "letter", letter)

    def _street(self, written: str) -> str:
        words = [word for word in streets() if word.lower() not in written.lower()]
        return _cased(self._pick(tuple(words), "street", written.lower()), written)

    def _pick(self, pool: tuple[str, ...], purpose: str, value: str) -> str:
        return pool[int.from_bytes(self._bytes(purpose, value)[:8], "big") % len(pool)]

    def _bytes(self, purpose: str, value: str) -> bytes:
        return keyed(self._key, purpose, self._patient, value)


@lru_cache(maxsize=8)
def _pool(kind: str) -> tuple[str, ...]:
    """Names to choose from: none that is also a word, an eponym or, for a given name, of the other sex."""
    lex = lexicons()
    if kind == "places":
        return tuple(sorted(lex.places - lex.ambiguous - lex.surnames))
    names = {"surnames": lex.surnames - lex.given, "male": lex.male - lex.female, "female": lex.female - lex.male,
             "given": lex.given}[kind]  # fmt: skip
    return tuple(sorted(n for n in names - lex.ambiguous - lex.eponyms if n.isalpha() and len(n) > 2))


@lru_cache(maxsize=1)
def _letters() -> tuple[str, ...]:
    """First letters that every pool has enough names for."""
    return tuple(
        letter
        for letter in "abcdefghijklmnopqrstuvwxyz"
        if all(sum(n[0] == letter for n in _pool(kind)) >= 6 for kind in ("surnames", "male", "female"))
    )


def _cased(new: str, written: str) -> str:
    if written.isupper() and len(written) > 1:
        return new.upper()
    return new if written.islower() else " ".join(word[:1].upper() + word[1:] for word in new.split(" "))
