"""Which relative a family finding is about: named before it, or after it in "breast cancer in her mother"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nlp_pipeline.layers import Relative, attributes, chart, entities, sentence_of
from nlp_pipeline.structure.sections import section_at

if TYPE_CHECKING:
    from spacy.tokens import Doc

_MEMBER = (
    r"(?:(?:maternal|paternal)\s+)?(?:great[- ])?(?:grand(?:mother|father|parent)s?|mother|father|mom|dad|mum"
    r"|(?:half[- ])?(?:brother|sister)s?"
    r"|siblings?|parents?|sons?|daughters?|children|aunts?|uncles?|cousins?|nieces?|nephews?|twin)"
)
_AND = r"\s*(?:,\s*and\b|,|\band\b|\bor\b|&|/)\s*(?:(?:his|her|the|a|an|one|two|three|four|both)\s+)?"
_MEMBERS = re.compile(rf"\b{_MEMBER}(?:{_AND}{_MEMBER}\b){{0,6}}", re.IGNORECASE)
_ONE = re.compile(rf"\b{_MEMBER}\b", re.IGNORECASE)
_AFTER = re.compile(
    rf"[^.;\n]{{0,60}}?(?:\bin\s+(?:(?:his|her|the|their|a|patient['’]s|both|multiple|several|two|three|one"
    rf"|many)\s+)?|\(\s*)(?P<members>{_MEMBER}\b(?:{_AND}{_MEMBER}\b){{0,6}})",
    re.IGNORECASE,
)
_LINE_DASH = re.compile(rf"\s*[-–:]\s*(?P<members>{_MEMBER}\b(?:{_AND}{_MEMBER}\b){{0,6}})", re.IGNORECASE)
_FAMILY = re.compile(r"\bfamily\b|\bFH\b", re.IGNORECASE)
_PLURAL = {"mom": "mother", "mum": "mother", "dad": "father", "children": "child"}


class FamilyReader:
    """spaCy component: the relatives of every entity that ConText or its section gives to the family.

    Several relatives of one finding are one `Relative` whose member reads "mother, sister".
    """

    def __call__(self, doc: Doc) -> Doc:
        family = {span for span, names in attributes(doc).items() if "is_family" in names}
        if not family:
            return doc
        layer, found = chart(doc), entities(doc)
        text = layer.text
        for index, span in enumerate(zip(found.starts, found.ends, strict=True)):
            if span not in family:
                continue
            start, end = span
            low, high = sentence_of(layer, start)
            after = _LINE_DASH.match(text, end, high) or _AFTER.match(text, end, high)
            before = list(_MEMBERS.finditer(text, low, start))
            section = section_at(layer.sections, start)
            if not before and not after and section and not _FAMILY.search(text, max(low, section.body_start), high):
                before = list(_MEMBERS.finditer(text, max(section.start, start - 200), start))
            if before and not (after and not _governs(text[before[-1].end() : start])):
                members = before[-1][0]
            else:
                members = after["members"] if after else "family"
            layer.relatives.append(Relative(index, _canonical(members)))
        return doc


def _governs(between: str) -> bool:
    """Whether a member still speaks for a finding this far on: no clause or other finding's bracket in between."""
    return ";" not in between and ")" not in between


def _canonical(members: str) -> str:
    """The relatives named in some words, in the singular: "Mother and two sisters" are "mother, sister"."""
    return ", ".join(dict.fromkeys(_singular(m[0]) for m in _ONE.finditer(members))) or members


def _singular(member: str) -> str:
    words = member.lower().replace("-", " ").split()
    last = _PLURAL.get(words[-1], words[-1])
    return " ".join([*words[:-1], last.removesuffix("s") if last.endswith("s") else last])
