"""Notes as chunks: runs of whole sentences of one section, with the exact characters they stand at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

CHUNKER_VERSION = "1"
# MiniLM was trained on 128 word pieces, and about 500 characters of a note are that many.
_TARGET_CHARS = 480
_LONGEST_CHARS = 900


class Chunk(NamedTuple):
    """Characters [start, end) of a note and the section they stand in; `sentences` are spans within the note."""

    start: int
    end: int
    section: str
    category: str
    sentences: tuple[tuple[int, int], ...]


def chunk_note(text: str) -> list[Chunk]:
    """The chunks of a note in order. Together they hold every sentence; none crosses a section border."""
    from nlp_pipeline.structure.sections import find_sections
    from nlp_pipeline.structure.sentences import split_sentences

    if not text.strip():
        return []
    sentences = split_sentences(text)
    chunks: list[Chunk] = []
    first = 0
    for section in find_sections(text):
        begin = max(section.start, section.body_start)
        while first < len(sentences) and sentences[first][1] <= begin:
            first += 1
        inside = _inside(text, sentences, first, begin, section.end)
        for run in _runs(inside):
            chunks.append(Chunk(run[0][0], run[-1][1], section.title, section.category, tuple(run)))
    return chunks


def _inside(text: str, sentences: list[tuple[int, int]], first: int, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of a section, cut to it, very long ones cut at white space."""
    for start, stop in sentences[first:]:
        if start >= end:
            return
        start, stop = max(start, begin), min(stop, end)
        while start < stop and text[start].isspace():
            start += 1
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        while stop - start > _LONGEST_CHARS:
            cut = text.rfind(" ", start + _LONGEST_CHARS // 2, start + _LONGEST_CHARS)
            cut = cut if cut > start else start + _LONGEST_CHARS
            yield start, cut
            start = cut + (text[cut : cut + 1] == " ")
        if start < stop and any(map(str.isalnum, text[start:stop])):
            yield start, stop


def _runs(sentences: Iterator[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    run: list[tuple[int, int]] = []
    for sentence in sentences:
        if run and sentence[1] - run[0][0] > _TARGET_CHARS:
            yield run
            run = []
        run.append(sentence)
    if run:
        yield run


def embedded_text(text: str, chunk: Chunk) -> str:
    """What is embedded of a chunk: its section title, then its words with white space evened out."""
    words = " ".join(text[chunk.start : chunk.end].split())
    return f"{chunk.section}: {words}" if chunk.section else words
