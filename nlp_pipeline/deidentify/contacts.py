"""Numbers and addresses of the wire: telephone, fax, e-mail, URL, IP, and identifiers with or without their label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from nlp_pipeline.deidentify.spans import Category, PhiSpan

_EMAIL = re.compile(r"(?<![\w.+-])[\w+-][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
_URL = re.compile(
    r"(?<![\w.])(?:https?://|ftp://|www\.)[^\s<>\"')\]]{3,300}"
    r"|(?<![\w.@/-])[A-Za-z0-9-]{2,63}(?:\.[A-Za-z0-9-]{2,63}){0,4}\.(?:com|org|net|edu|gov|io|health|info)(?:/[^\s<>\"')\]]{0,300}|\b)"
)
_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){2,7}|[0-9A-Fa-f]{1,4}::[0-9A-Fa-f]{0,4})(?![\w.:]\w)"
)
_SSN = re.compile(r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])")
_VIN = re.compile(r"(?<!\w)(?=[A-HJ-NPR-Z0-9]{0,16}\d)(?=[A-HJ-NPR-Z0-9]{0,16}[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{17}(?!\w)")
_UDI = re.compile(r"\(01\)\d{14}(?:\(\d{2}\)[A-Za-z0-9]{1,20}){0,4}")
_MAC_ADDRESS = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])")
# What a number is the number of. The label stays; what follows it and holds a digit is replaced.
_LABEL = re.compile(
    r"(?<![A-Za-z])(?:(?:medical\s+record|chart|hospital|patient|pt|account|acct|encounter|visit|episode|case|accession|specimen"
    r"|policy|member|subscriber|group|insurance|plan|beneficiary|medicaid|medicare|claim|auth(?:orization)?|license|licence"
    r"|lic|driver'?s?\s+licen[sc]e|passport|serial|device|pacemaker|implant|badge|employee|staff|tax|national|nhs|ssn|social\s+security"
    r"|certificate|registration|plate|vehicle|study|order|prescription|rx|referral|job|unit|file|document|report|contract|permit|bed\s?side\s+monitor|ref(?:erence)?|lab|sample|tracking)"
    r"\s*(?:#|no\b\.?|nos\b\.?|num\b\.?|number|id\b|identifier|plate|record)(?:\s*(?:#|no\b\.?|number))?"
    r"|mrn|mr(?=\s?#)|job(?=\s?[:#])|m\.r\.n\.|hicn|mbi|npi|dea|csn|udi|imei|vin|ssn|s/n|sn|dln|serial|license\s+plate|medical\s+record|acct|fin|uhid|hrn|upn|nhs"
    r"|account|accession|passport|driver'?s?\s+licen[sc]e|id)"
    r"\s*(?:#|no\b\.?|number)?\s*(?:is|was|of|ending\s+in)?\s*[:#=]?\s*",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"(?=[A-Za-z./-]{0,8}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-/.](?=[A-Za-z0-9])){2,39}(?:\s\d{3,4}(?!\d)){0,3}"
)
# Labels that are ordinary words need their colon, so that "serial 12-lead ECGs" and "account 2020" stay.
_PLAIN_LABEL = re.compile(
    r"(?:serial|account|accession|passport|id|sn|fin|license\s+plate|medical\s+record|dea|nhs)\s*", re.IGNORECASE
)
_PHONE = re.compile(
    r"(?<![\w.+/-])(?:"
    r"(?:\+?1[ .-]?)?(?:\(\d{3}\)[ -]?|\d{3}[ .-])\d{3}[ .-]\d{4}"
    r"|\+\d{1,3}[ .-]?(?:\(0\) ?)?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}"
    r"|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4})"
    r"(?![\w-]|\.\d)(?:\s*,?\s*(?:x|ext\.?|extension)\s*\d{1,6}(?!\d))?",
    re.IGNORECASE,
)
_PHONE_LABEL = re.compile(
    r"(?<![A-Za-z])(?:tel(?:ephone)?|phone|cell(?:ular)?|mobile|pager|beeper|call(?:ed|back)?|contact|home|work|office|fax|facsimile|ext(?:ension)?|x)"
    r"(?:\s+(?:number|no\.?|phone))?\s*[:#.]?\s*(?:at|is|to|me at|back at)?\s*",
    re.IGNORECASE,
)
_LOCAL = re.compile(
    r"(?:\(?\d{3}\)?[\s.-]?)?\d{3}[\s.-]?\d{4}(?![\d-])(?:\s*(?:x|ext\.?)\s*\d{1,6}(?!\d))?|\d{4,5}(?=\s*(?:[,.;)\n]|$))",
    re.IGNORECASE,
)
_NEEDS_LONG = re.compile(r"(?:call|contact|home|work|office|cell|mobile)", re.IGNORECASE)
_FAX = re.compile(r"\b(?:fax|facsimile)(?:ed|\s+number|\s+no\.?)?\s*(?:[:#.]|to|at|is)?\s*(?:to\s*)?$", re.IGNORECASE)


def find_contacts(text: str) -> Iterator[PhiSpan]:
    """Electronic addresses, telephone numbers and identifiers, those with the clearest form first."""
    for match in _EMAIL.finditer(text):
        yield PhiSpan(match.start(), _end(text, match), Category.EMAIL)
    for match in _URL.finditer(text):
        yield PhiSpan(match.start(), _end(text, match), Category.URL)
    yield from _addresses(text)
    for pattern in (_SSN, _UDI, _MAC_ADDRESS):
        yield from (PhiSpan(match.start(), match.end(), Category.ID) for match in pattern.finditer(text))
    yield from _labelled(text)
    yield from (PhiSpan(match.start(), match.end(), Category.ID) for match in _VIN.finditer(text))
    yield from _phones(text)


def _end(text: str, match: re.Match[str]) -> int:
    end = match.end()
    while end > match.start() and text[end - 1] in ".,;:!?":
        end -= 1
    return end


def _addresses(text: str) -> Iterator[PhiSpan]:
    for match in _IP.finditer(text):
        try:
            ip_address(match[0])
        except ValueError:
            continue
        yield PhiSpan(match.start(), match.end(), Category.IP)


def _labelled(text: str) -> Iterator[PhiSpan]:
    for label in _LABEL.finditer(text):
        value = _VALUE.match(text, label.end())
        if value is None or (_PLAIN_LABEL.fullmatch(label[0]) and not label[0].rstrip().endswith((":", "#", "="))):
            continue
        if sum(char.isdigit() for char in value[0]) >= 3:
            yield PhiSpan(value.start(), value.end(), Category.ID)


def _phones(text: str) -> Iterator[PhiSpan]:
    for match in _PHONE.finditer(text):
        yield PhiSpan(match.start(), match.end(), _line(text, match.start()))
    for label in _PHONE_LABEL.finditer(text):
        value = _LOCAL.match(text, label.end())
        digits = sum(char.isdigit() for char in value[0]) if value else 0
        if (
            value
            and (digits >= 7 or not _NEEDS_LONG.match(label[0]))
            and (digits >= 7 or label[0].strip()[-1:] in ":#.")
        ):
            yield PhiSpan(value.start(), value.end(), _line(text, value.start()))


def _line(text: str, start: int) -> Category:
    return Category.FAX if _FAX.search(text, max(0, start - 24), start) else Category.PHONE
