"""A drug against the other active ones: the same again, two of a class, and pairs that do harm together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from knowledge_base.drafts import Finding, Severity
from tools.concepts import Target
from tools.context import ToolContext, cite, day
from tools.drugs.checks.rules import Rule, after_colon, kinds_of, opening, rules
from tools.drugs.medications import Course
from tools.drugs.products import ingredients_in

_JOINED = re.compile(r"[a-z]\)?\s*[-/+]\s*[a-z]", re.IGNORECASE)


def ingredients(ctx: ToolContext, course: Course) -> list[str]:
    """The ingredients of a product, as far as they are known."""
    joined = ingredients_in(ctx.lexicon, course.latest.display) if _JOINED.search(course.latest.display) else ()
    return sorted({*ctx.lexicon.concept_ids("medication", course.latest), *joined})


def duplicates(ctx: ToolContext, drug: Target, kinds: frozenset[str], active: Sequence[Course]) -> Iterable[Finding]:
    """Active orders of the same ingredient, or of a class of which one is enough."""
    for course in active:
        held = ingredients(ctx, course)
        if drug.id in held:
            text = f"Already active: {course.name} (last ordered {day(course.latest.time)})."
            yield Finding(check="duplicate", severity=Severity.WARNING, text=text, evidence=(cite(course.latest),))
            continue
        theirs = frozenset(k for one in held for k in kinds_of(ctx.lexicon, one))
        if (shared := _of_one_class(kinds, theirs)) is not None:
            severity, group = shared
            text = f"{course.name} is active: two of the class {group.replace('_', ' ')}."
            yield Finding(check="duplicate", severity=severity, text=text, evidence=(cite(course.latest),))


def _of_one_class(kinds: frozenset[str], theirs: frozenset[str]) -> tuple[Severity, str] | None:
    for severity, classes in rules()["duplicates"].items():
        if shared := sorted(kinds & theirs & set(classes)):
            return Severity(severity), shared[0]
    return None


def interactions(
    ctx: ToolContext, drug: Target, kinds: frozenset[str], active: Sequence[Course], *, washout: bool = False
) -> Iterable[Finding]:
    """Pairs of the rules with an active drug, each said once; with `washout`, those that outlast the stop of the other."""
    listed = [r for r in rules()["interactions"] if r.get("washout") or not washout]
    state = "stopped by this order" if washout else "active"
    said = set()
    for course in active:
        for other in ingredients(ctx, course):
            theirs = kinds_of(ctx.lexicon, other)
            for rule in listed if other != drug.id else ():
                if _joins(rule, kinds, theirs) and (course.name, rule["text"]) not in said:
                    said.add((course.name, rule["text"]))
                    text = f"{opening(drug.label)} with {course.name} ({state}): {after_colon(rule['text'])}"
                    yield Finding(
                        check="interaction", severity=Severity(rule["severity"]), text=text,
                        source=rule["source"], evidence=(cite(course.latest),),
                    )  # fmt: skip


def reach_of_interactions(ctx: ToolContext, active: Sequence[Course]) -> Iterable[Finding]:
    """How far the look for interactions reached."""
    if unread := [c for c in active if not ingredients(ctx, c)]:
        names = ", ".join(sorted(c.name for c in unread))
        text = f"Not checked for interactions, since their ingredients are not known: {names}."
        yield Finding(check="interaction", severity=Severity.NOT_CHECKED, text=text, evidence=tuple(cite(c.latest) for c in unread))  # fmt: skip
    text = (
        f"Interactions were looked for among {len(rules()['interactions'])} cited pairs only, with {len(active)} active "
        "drugs; pairs outside them are not checked."
    )
    yield Finding(check="interaction", severity=Severity.NOT_CHECKED, text=text)


def pairs_of(ctx: ToolContext, active: Sequence[Course], *, grave_alone: bool) -> Iterator[Finding]:
    """Two active drugs together; with `grave_alone` what must not stay unsaid: contraindicated and grave pairs, two anticoagulants."""
    read = [(c, [(i, kinds_of(ctx.lexicon, i)) for i in ingredients(ctx, c)]) for c in active]
    for (one, mine), (other, yours) in combinations(read, 2):
        evidence = (cite(one.latest), cite(other.latest))
        met = [
            rule for rule in rules()["interactions"]
            if (rule["severity"] == "critical" or rule.get("grave") or not grave_alone)
            and any(_joins(rule, a, b) for i, a in mine for j, b in yours if i != j)
        ]  # fmt: skip
        if met:
            rule = min(met, key=lambda r: list(Severity).index(Severity(r["severity"])))
            text = f"{opening(one.name)} with {other.name}: {after_colon(rule['text'])}"
            yield Finding(check="interaction", severity=Severity(rule["severity"]), text=text, evidence=evidence, source=rule["source"])  # fmt: skip
            continue
        shared = min((s for _, a in mine for _, b in yours if (s := _of_one_class(a, b))), default=None)
        if shared and (shared[0] is Severity.CRITICAL or not grave_alone):
            text = f"{opening(one.name)} and {other.name}: two of the class {shared[1].replace('_', ' ')}."
            yield Finding(check="duplicate", severity=shared[0], text=text, evidence=evidence)


def _joins(rule: Rule, kinds: frozenset[str], theirs: frozenset[str]) -> bool:
    a, b = set(rule["a"]), set(rule["b"])
    return bool((a & kinds and b & theirs) or (b & kinds and a & theirs))
