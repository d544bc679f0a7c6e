"""The extractor's version: it changes whenever the same note may give other facts."""

EXTRACTOR_VERSION = "charttwin-nlp/0.2.2"
