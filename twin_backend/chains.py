"""Models joined into chains: steps in order on shared inputs, results of one as inputs of a later one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidInput
from domain.facts import Evidence
from domain.predictions import Chain, Link, ModelCard, ModelRun, Step


def check_chain(chain: Chain, cards: Mapping[str, ModelCard]) -> None:
    """Refuse a chain that cannot run; every fault at once.

    Args:
        chain: What is joined.
        cards: The card of each step, by the step's name.

    Raises:
        InvalidInput: steps share a name, or a link does not lead from an output to a later input.
    """
    order = [step.name for step in chain.steps]
    faults = [] if order and len(set(order)) == len(order) else ["a chain has one or more steps of distinct names"]
    faults += [fault for link in chain.links if (fault := _link_fault(link, order, cards))]
    targets = [(link.to_step, link.input) for link in chain.links]
    faults += [f"{step}.{name} has two links" for step, name in sorted({t for t in targets if targets.count(t) > 1})]
    if faults:
        raise InvalidInput(f"chain {chain.name}: {'; '.join(faults)}")


def _link_fault(link: Link, order: list[str], cards: Mapping[str, ModelCard]) -> str:
    known = [step for step in (link.from_step, link.to_step) if step in order]
    if len(known) < 2 or order.index(link.from_step) >= order.index(link.to_step):
        return f"the link to {link.to_step}.{link.input} must come from an earlier step"
    if link.output not in {name for name, _, _ in cards[link.from_step].outputs}:
        return f"{link.from_step} has no output {link.output}"
    if link.input not in {spec.name for spec in cards[link.to_step].inputs}:
        return f"{link.to_step} has no input {link.input}"
    return ""


def inputs_by_step(
    chain: Chain, cards: Mapping[str, ModelCard], inputs: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Which inputs go to which step: a plain name to every step that takes it, `step.name` to one.

    Raises:
        InvalidInput: a name belongs to no step, or to one that a link already feeds.
    """
    linked = {(link.to_step, link.input) for link in chain.links}
    shares: dict[str, dict[str, Any]] = {step.name: {} for step in chain.steps}
    faults = []
    for name, value in inputs.items():
        takers = _takers(chain, cards, str(name), linked)
        if not takers:
            faults.append(f"{name} is an input of no step, or comes from a link")
        for step, own in takers:
            shares[step][own] = value
    if faults:
        raise InvalidInput(f"chain {chain.name}: {'; '.join(faults)}")
    return shares


def _takers(
    chain: Chain, cards: Mapping[str, ModelCard], name: str, linked: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    step_name, dot, own = name.rpartition(".")
    steps = [step.name for step in chain.steps if not dot or step.name == step_name]
    return [
        (step, own) for step in steps if (step, own) not in linked and own in {spec.name for spec in cards[step].inputs}
    ]


def linked_inputs(chain: Chain, step: Step, done: Mapping[str, ModelRun]) -> dict[str, Any]:
    """What earlier steps give to this one, each with the run it came from.

    Raises:
        InvalidInput: the earlier run did not give the output (some depend on optional inputs).
    """
    return {link.input: _derived(link, done[link.from_step]) for link in chain.links if link.to_step == step.name}


def _derived(link: Link, run: ModelRun) -> dict[str, Any]:
    try:
        output = run.output(link.output)
    except KeyError:
        raise InvalidInput(
            f"{run.model_id} gave no {link.output} for these inputs, which {link.to_step} needs"
        ) from None
    shown = f"{run.title}: {output.label} {output.display or output.value}"
    return {
        "value": output.value,
        "unit": None if isinstance(output.value, (bool, str)) else output.unit,
        "origin": "derived",
        "evidence": Evidence(ref=f"Run/{run.id}", quote=shown),
        "note": f"{link.output} of {run.model_id} {run.model_version}",
    }


def _chain(name: str, steps: Mapping[str, str], *links: tuple[str, str, str, str]) -> Chain:
    return Chain(
        name=name,
        steps=tuple(Step(name=step, model=model) for step, model in steps.items()),
        links=tuple(Link(from_step=a, output=out, to_step=b, input=into) for a, out, b, into in links),
    )


_EGFR = "egfr_ml_min_1_73m2"
CHAINS = (
    _chain(
        "creatinine_to_kidney_failure",
        {"egfr": "ckd_epi_2021_creatinine", "kidney_failure": "kfre_4_variable"},
        ("egfr", "egfr", "kidney_failure", _EGFR),
    ),
    _chain(
        "cardiovascular_risk",
        {"bmi": "bmi", "egfr": "ckd_epi_2021_creatinine", "prevent": "prevent_2023_base", "pce": "pce_2013"},
        ("bmi", "bmi", "prevent", "bmi_kg_m2"),
        ("egfr", "egfr", "prevent", _EGFR),
    ),
    _chain(
        "creatinine_to_vancomycin",
        {"clearance": "cockcroft_gault", "exposure": "vancomycin_goti2018"},
        ("clearance", "creatinine_clearance", "exposure", "crcl_ml_min"),
    ),
    _chain(
        "creatinine_to_amikacin",
        {"clearance": "cockcroft_gault", "exposure": "amikacin_burdet2015"},
        ("clearance", "creatinine_clearance", "exposure", "crcl_ml_min"),
    ),
    _chain(
        "creatinine_to_carboplatin",
        {"clearance": "cockcroft_gault", "dose": "carboplatin_calvert"},
        ("clearance", "creatinine_clearance", "dose", "gfr_ml_min"),
    ),
    # Two glucose models on the same meal and insulin: what they agree on does not hang on one of them.
    _chain("meal_and_insulin", {"minimal": "glucose_insulin_bergman", "padova": "glucose_uva_padova_s2008"}),
)
"""Chains that are known by name; a caller may make any other."""
