"""Which of the ranked sentences are told as the answer to a question, and whether any is."""

from __future__ import annotations

from collections.abc import Sequence

from tools.notes.judgement import judgement
from tools.notes.passages import Found

_AS_NEAR = 3.5  # behind the best score: a sentence that is quoted beside it, one more than the limit too
_OF_FORM = 4.0  # behind it: one that has the kind of answer asked for, where none of these has
_SURELY = 0.85  # the likelihood from which the best sentence settles what is meant


def telling_of(ranked: Sequence[Found], limit: int, is_named: bool, is_of_plan: bool) -> list[Found]:
    """The sentences that answer, with those that come as near to the question; none where the best does not answer.

    In a note that the question names, a weaker likeness is enough to quote it.
    """
    if not ranked:
        return []
    best = ranked[0]
    if not (best.answers or any(f.answers for f in ranked[:limit]) or (is_named and _is_likely(best))):
        return []
    told = [f for f in ranked[:limit] if f.answers or f.score >= best.score - _AS_NEAR or (is_named and _is_likely(f))]
    # One more where the first ones come near each other; of a plan, which is told in several places, wherever it is likely.
    told += [f for f in ranked[limit : limit + 1] if f.score >= best.score - _AS_NEAR or (is_of_plan and _is_likely(f))]
    if all(f.signs.lacks_form for f in told):  # no date where "when" is asked, no figure where "how much" is
        of_form = (f for f in ranked if f.signs.has_form and f.is_near and f.score >= best.score - _OF_FORM)
        told += [f for f in (next(of_form, None),) if f is not None and f not in told]
    return _of_its_occasion(told)


def _of_its_occasion(told: Sequence[Found]) -> list[Found]:
    """Without the sentences of other times ("38/60" in September) where the best surely is of the time asked about.

    Only by the date of the note: words of an occasion can be planted beside a false answer, which then stood alone.
    """
    best = told[0]
    return [f for f in told if f.signs.dated] if best.signs.dated and best.likelihood >= _SURELY else [*told]


def _is_likely(found: Found) -> bool:
    return found.likelihood >= judgement().close
