"""A meal and its insulin, as a question states them: "75 g carb meal with no bolus", "skips her insulin with a 60 g dinner"."""

from __future__ import annotations

import re
from typing import Any

_MEAL = r"(?:meal|breakfast|lunch|dinner|supper|snack|tea|brunch|pizza|pasta|dessert)s?"
_CARB = r"(?:carb\w*|cho|sugar|glucose load)"
_GRAMS = r"\d+(?:\.\d+)?)[\s-]*(?:g|gm|grams?)"
_CARBS = re.compile(
    rf"(?P<a>{_GRAMS}?[\s-]*(?:of\s+)?{_CARB}\b|(?P<b>{_GRAMS}[\s-]+(?:\w+\s+)?{_MEAL}\b"
    rf"|\b(?:{_CARB}|{_MEAL})\s+(?:load\s+)?(?:of|with|containing|=)?\s*(?:about |around )?(?P<c>{_GRAMS}\b(?!\s*/)"
    rf"|\beat(?:s|ing|en)?\s+(?:about |around |a )?(?P<d>{_GRAMS}\b",
    re.IGNORECASE,
)
_INSULIN = re.compile(
    r"(?P<n>\d+(?:\.\d+)?)\s*(?:u|units?|iu)\b(?:\s*(?:of)?\s*(?:insulin|bolus|lispro|aspart|novolog|humalog|rapid))?",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:no|without|zero|skip\w*|miss(?:es|ed|ing)?|forg[eo]t\w*|omit\w*|leaves? out|doesn'?t (?:take|bolus|inject|cover)|not (?:taking|bolus\w*|inject\w*|cover\w*)|didn'?t (?:take|bolus|inject|cover))\b(?:\s+(?:\w+\s+){0,3}?(?:bolus\w*|insulin|units?|dose|shots?|injections?|lispro|aspart|novolog|humalog|it)\b|(?=\s*\W*$))",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:glucose|sugars?|bg|bgl|bolus\w*|insulin|units?|eats?|eating|happens?|simulat\w+|predict\w*|spike|peak|if)\b",
    re.IGNORECASE,
)


def states_meal(text: str) -> bool:
    """Whether a text supposes a meal of so many grams, and asks what becomes of the glucose."""
    return _CARBS.search(text) is not None and _SUBJECT.search(text) is not None


def meal_inputs(text: str) -> dict[str, Any]:
    """Carbohydrate in g and the insulin bolus in units, 0 where the insulin is left out."""
    inputs: dict[str, Any] = {}
    if (carbs := _CARBS.search(text)) is not None:
        inputs["carbohydrate_g"] = float(next(v for v in carbs.groupdict().values() if v))
    if (insulin := _INSULIN.search(text)) is not None:
        inputs["insulin_bolus_units"] = float(insulin["n"])
    elif _NONE.search(text):
        inputs["insulin_bolus_units"] = 0.0
    return inputs
