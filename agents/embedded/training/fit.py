"""Samples to intent head: sentence vectors, slot kinds and cue words in, one hidden layer, cross-entropy."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

import numpy as np

from agents.embedded.reading.reader import PROTOTYPES
from agents.embedded.reading.wording import cues_of
from agents.embedded.second_gear.head import IntentHead, Matrix, features, input_names
from agents.embedded.training.generate import Sample, filled, generate, parse, templates
from knowledge_base.embedding import Embedder

SEED = 7
_HIDDEN = 192
_EPOCHS = 60
_BATCH = 128
_SLOT = re.compile(r"\{(\w+)\}")


class Copies(NamedTuple):
    """How many varied forms are tried of each template and of each packaged exemplar."""

    template: int = 6
    exemplar: int = 2


COPIES = Copies()


def packaged_sources() -> list[Sample]:
    """The packaged exemplars with their slots; follow-ups are left out, since the head reads one question alone."""
    text = resources.files("agents.embedded").joinpath("exemplars.txt").read_text(encoding="utf-8")
    return [s for s in parse(text, "exemplars.txt") if not s.intent.startswith("followup.")]


def training_samples(copies: Copies, seed: int = 1) -> list[Sample]:
    """The templates and exemplars with their varied forms."""
    return [*generate(templates(), copies.template, seed), *generate(packaged_sources(), copies.exemplar, seed + 1)]


def sample_features(samples: Sequence[Sample], embedder: Embedder) -> Matrix:
    """What the head is given for each sample: as the router masks a question, without the record."""
    vectors = embedder.embed([filled(s.text, PROTOTYPES).lower() for s in samples])
    kinds = [set(_SLOT.findall(s.text)) for s in samples]
    return features(vectors, kinds, [cues_of(_SLOT.sub(" ", s.text)) for s in samples])


def fit(samples: Sequence[Sample], embedder: Embedder, seed: int) -> tuple[IntentHead, float]:
    """A head fitted to samples, and the CPU seconds it took. One thread, so that a seed gives the same weights."""
    import torch

    start = time.process_time()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        intents = sorted({s.intent for s in samples})
        column = {intent: number for number, intent in enumerate(intents)}
        inputs = torch.tensor(sample_features(samples, embedder))
        wanted = torch.tensor([column[s.intent] for s in samples])
        weights = _fitted(inputs, wanted, len(intents), seed)
    finally:
        torch.set_num_threads(threads)
    return IntentHead(embedder.name, tuple(intents), input_names(), *weights), time.process_time() - start


def _fitted(inputs, wanted, classes: int, seed: int) -> list[Matrix]:  # type: ignore[no-untyped-def]  # torch is loaded late
    import torch

    torch.manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(inputs.shape[1], _HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(_HIDDEN, classes),
    )
    # A rare intent counts for more than its share of samples, a common one for less.
    counts = torch.bincount(wanted, minlength=classes).double()
    balance = (counts.sum() / classes / counts).sqrt().float()
    loss = torch.nn.CrossEntropyLoss(weight=balance, label_smoothing=0.05)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS)
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(inputs), generator=order).split(_BATCH):
            optimiser.zero_grad()
            loss(net(inputs[batch]), wanted[batch]).backward()
            optimiser.step()
        schedule.step()
    tensors = [net[0].weight.T, net[0].bias, net[3].weight.T, net[3].bias]
    return [np.ascontiguousarray(t.detach().numpy()) for t in tensors]
