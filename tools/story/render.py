"""A story as Markdown: the sentences with numbered citations, and the sources under them."""

from __future__ import annotations

from domain.facts import Evidence
from tools.context import day
from tools.story.model import Section, Sentence, Story

_DISCLAIMER = (
    "Written by rules from the record and its notes; not a diagnosis, not a treatment decision. Not a medical device."
)
_FEW = 6


def to_markdown(story: Story, sources: bool = True) -> str:
    """The story as Markdown, each sentence followed by the numbers of its sources.

    Args:
        story: What is rendered.
        sources: Whether the list of sources, conflicts and warnings follows.
    """
    numbers: dict[str, int] = {}
    blocks = [f"# {story.title}"]
    blocks += [_section(section, numbers, story.audience == "evaluator") for section in story.sections]
    blocks += [f"> {warning}" for warning in story.warnings]
    if sources:
        blocks.append("\n".join(["## Sources", *_sources(story, numbers)]))
    return "\n\n".join([*blocks, f"_{_DISCLAIMER}_"]) + "\n"


def _section(section: Section, numbers: dict[str, int], with_basis: bool) -> str:
    lines = []
    for sentence in section.sentences:
        marks = _marks(sentence, numbers)
        basis = f" `{sentence.basis.value}`" if with_basis else ""
        lines.append(f"{'- ' if sentence.item else ''}{sentence.text}{f' {marks}' if marks else ''}{basis}")
    joined = "\n".join(line if line.startswith("- ") else f"\n{line}" for line in lines).strip("\n")
    return f"## {section.title}\n\n{joined}"


def _marks(sentence: Sentence, numbers: dict[str, int]) -> str:
    found = list(dict.fromkeys(numbers.setdefault(e.ref, len(numbers) + 1) for e in sentence.evidence))
    if len(found) > _FEW and found == list(range(found[0], found[-1] + 1)):
        return f"[{found[0]}]–[{found[-1]}]"
    return "".join(f"[{n}]" for n in found)


def _sources(story: Story, numbers: dict[str, int]) -> list[str]:
    by_ref: dict[str, Evidence] = {}
    for evidence in story.evidence:
        by_ref.setdefault(evidence.ref, evidence)
    lines = []
    for ref, number in numbers.items():
        evidence = by_ref[ref]
        when = f"{day(evidence.time)} " if evidence.time else ""
        quote = " ".join(evidence.quote.split())
        lines.append(f"{number}. {when}`{ref}` {quote[:120]}")
    return lines
