"""Trains the intent head of the second gear: `python -m agents.embedded.training [--seed N] [--out FILE]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from agents.embedded import second_gear
from agents.embedded.training.fit import COPIES, SEED, fit, training_samples
from knowledge_base.embedding import build_embedder


def main() -> None:
    """Generates the samples, fits the head and writes it."""
    parser = argparse.ArgumentParser(prog="python -m agents.embedded.training", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path(second_gear.__file__).with_name("head.npz"))
    chosen = parser.parse_args()
    samples = training_samples(COPIES)
    head, seconds = fit(samples, build_embedder(), chosen.seed)
    chosen.out.write_bytes(head.to_bytes())
    parser.exit(
        message=f"{len(samples)} samples, {len(head.intents)} intents, {seconds:.0f} CPU s, "
        f"{chosen.out.stat().st_size / 1000:.0f} kB written to {chosen.out.name}\n"
    )


if __name__ == "__main__":
    main()
