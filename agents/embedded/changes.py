"""The changes that a follow-up can make to what was asked before, each a function from the question to calls, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.predictions import ModelCard

_
_
_
_
_
_
_
_
_
_
_
_
_
_
_
_
_

Cards = Callable[[], Sequence[ModelCard]]


c


d


d


d


d


d


d


d


d


d


d


d


d


d


d


d


d


d
