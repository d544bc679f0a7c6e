"""The intent head: its file, its probabilities, what it may overrule, and the training that makes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib import resources

import numpy as np
import pytest

from agents.embedded.plans import intents
from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.reader import PROTOTYPES, Reader, Variant
from agents.embedded.routing.router import Route, Router
from agents.embedded.second_gear import BELOW, IntentHead, SecondGear, build_second_gear
from agents.embedded.second_gear.head import RULED_OUT, SURE, packaged_head
from agents.embedded.training.fit import Copies as Varied
from agents.embedded.training.fit import fit, training_samples
from agents.embedded.training.generate import Sample, filled, generate, parse, templates
from domain.errors import InvalidInput, ModelUnavailable
from knowledge_base.embedding import Embedder, build_embedder
from tools.concepts import default_lexicon

NOW = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return build_embedder()


@pytest.fixture(scope="module")
def gear(embedder: Embedder) -> SecondGear:
    built = build_second_gear(embedder)
    assert built is not None
    return built


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(default_lexicon(), ModelNames([], {}))


@pytest.fixture(scope="module")
def router(embedder: Embedder) -> Router:
    return Router(embedder)


def test_the_packaged_head_is_small_and_names_intents_that_exist() -> None:
    content = resources.files("agents.embedded.second_gear").joinpath("head.npz").read_bytes()
    assert len(content) < 1_000_000
    head = packaged_head()
    assert {i for i in head.intents if not i.startswith("guard.")} <= set(intents())
    assert IntentHead.from_bytes(head.to_bytes()).to_bytes() == head.to_bytes()


def test_probabilities_sum_to_one_and_do_not_depend_on_the_batch() -> None:
    head = packaged_head()
    inputs = np.random.default_rng(1).normal(size=(5, head.hidden_weights.shape[0])).astype(np.float32)
    rows = head.probabilities(inputs)
    assert rows.shape == (5, len(head.intents)) and np.allclose(rows.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(head.probabilities(inputs[2:3])[0], rows[2], atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"not a file", b"PK\x03\x04broken"])
def test_a_damaged_head_says_so(content: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="reinstall"):
        IntentHead.from_bytes(content)


def test_a_head_for_other_inputs_is_refused() -> None:
    head = packaged_head()
    other = head._replace(inputs=head.inputs[:-1])
    with pytest.raises(ModelUnavailable, match="agents.embedded.training"):
        IntentHead.from_bytes(other.to_bytes())


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("what is she taking for diabetes", "medication.list_active"),
        ("first line tx for type 2 dm?", "knowledge"),
        ("when did this patient first come to us?", "encounter.first"),
    ],
)
def test_it_knows_phrasings_that_the_exemplars_alone_miss(
    gear: SecondGear, reader: Reader, router: Router, question: str, intent: str
) -> None:
    routes = router.route(reader.read(question, NOW).variants, most=200)
    assert routes[0].intent != intent, "the router has learnt it: take another example"
    assert gear.rerank(routes)[0].intent == intent


def test_sure_routes_and_follow_ups_are_left_alone(gear: SecondGear) -> None:
    variant = Variant(slots=(), masked="when did this patient first come to us?")
    sure = [Route("encounter.last", BELOW, variant), Route("encounter.first", BELOW - 0.01, variant)]
    follow_up = [Route("followup.when", 0.3, variant), Route("encounter.first", 0.29, variant)]
    assert gear.rerank(sure) is sure and gear.rerank(follow_up) is follow_up and gear.rerank([]) == []
    assert gear.rerank([Route(r.intent, r.score - 0.1, variant) for r in sure])[0].intent == "encounter.first"


def test_a_choice_is_overruled_only_where_the_head_rules_it_out(gear: SecondGear) -> None:
    variant = Variant(slots=(), masked="when did this patient first come to us?")
    ranked = gear.rank(variant)
    (wanted, sure), out = ranked[0], ranked[-1][0]
    assert sure > SURE and ranked[-1][1] < RULED_OUT
    overruled = gear.rerank([Route(out, 0.40, variant), Route(wanted, 0.30, variant)])
    assert [r.intent for r in overruled] == [wanted, out]
    unclear = Variant(slots=(), masked="compare potassium with the last one")
    (first, _), (second, probability) = gear.rank(unclear)[:2]
    assert probability > RULED_OUT
    routes = [Route(second, 0.40, unclear), Route(first, 0.39, unclear)]
    assert [r.intent for r in gear.rerank(routes)] == [second, first]


def test_without_the_embedder_it_was_trained_on_there_is_none() -> None:
    class Other:
        name = "another-model"

        def embed(self, texts: list[str]) -> None: ...

    assert build_second_gear(None) is None and build_second_gear(Other()) is None


def test_templates_name_known_intents_and_slots() -> None:
    known = {*intents(), *(i for i in packaged_head().intents if i.startswith("guard."))}
    samples = templates()
    assert len(samples) > 900
    for sample in samples:
        assert sample.intent in known, sample
        assert set(re.findall(r"\{(\w+)\}", sample.text)) <= set(PROTOTYPES), sample


def test_varied_forms_keep_their_slots_and_come_out_the_same_each_time() -> None:
    source = Sample("observation.change", "how much did [her|his] {observation} change since {medication} was started")
    first, again = generate([source], 30, seed=4), generate([source], 30, seed=4)
    assert first == again and len(first) > 10 and generate([source], 30, seed=5) != first
    for sample in first:
        assert sample.intent == source.intent
        assert re.findall(r"\{(\w+)\}", sample.text) == ["observation", "medication"]
        assert "[" not in sample.text
    assert "potassium" in filled(first[0].text, PROTOTYPES)


def test_a_template_before_any_heading_is_an_error() -> None:
    with pytest.raises(InvalidInput, match=r"my\.txt, line 2"):
        parse("# a comment\nhow old\n", "my.txt")


def test_a_seed_gives_the_same_head(embedder: Embedder) -> None:
    samples = [s for s in training_samples(Varied(0, 0)) if s.intent.startswith("allergy.")]
    first, _ = fit(samples, embedder, seed=3)
    again, _ = fit(samples, embedder, seed=3)
    assert first.to_bytes() == again.to_bytes()
    assert fit(samples, embedder, seed=4)[0].to_bytes() != first.to_bytes()
