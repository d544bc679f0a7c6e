"""What the finders return: a category and the characters it covers."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Category(StrEnum):
    """What kind of identifier a span is."""

    NAME = "name"
    DATE = "date"
    AGE = "age"
    LOCATION = "location"
    HOSPITAL = "hospital"
    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    URL = "url"
    IP = "ip"
    ID = "id"


class PhiSpan(NamedTuple):
    """Characters [start, end) of a text that identify somebody."""

    start: int
    end: int
    category: Category
