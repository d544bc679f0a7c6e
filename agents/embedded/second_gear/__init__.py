"""The planner's second gear: where the nearest exemplars are unsure, a trained intent head weighs in.

The head is a small neural network over the same sentence vector, slot kinds and cue words that the router has already
read; it costs a few milliseconds and holds no patient data. What it was trained on, and how it fared against a
fine-tuned language model, stands in docs/explanation/second-gear.md.
"""

from agents.embedded.second_gear.head import BELOW, IntentHead, SecondGear, build_second_gear, features

__all__ = ["BELOW", "IntentHead", "SecondGear", "build_second_gear", "features"]
