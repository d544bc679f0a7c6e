"""Time that leans on the period of the turn before: "since then?", "the year before?", "ever?"."""

from __future__ import annotations

_
_
_
_


d


d


d


d
