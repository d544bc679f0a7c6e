"""Writes the tables of `explanation/assertions.md` from `tests/data/assertions`: python docs/render_assertions.py."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent / "explanation" / "assertions.md"
TABLES = Path(__file__).parents[1] / "tests" / "data" / "assertions"
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
MARK = re.compile(r"\[([^\[\]{}]+)\]\{([a-z,]*)\}")
SHOWN = 12


def rendered(page: str) -> str:
    """The page with every marked block filled from its table."""
    return BLOCK.sub(lambda match: match[1] + table(match["name"]) + match[3], page)


def table(name: str) -> str:
    """The first sentences of an attribute's table for and against; all of `stock_defects`, under its headings."""
    lines = (TABLES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    if name == "stock_defects":
        return "".join(
            f"\n**{line[3:]}**\n\n" if line.startswith("## ") else f"- {sentence(line)}\n"
            for line in lines[1:]
        ) + "\n"  # fmt: skip
    lines = [line for line in lines if line and not line.startswith("#")]
    holds = [line for line in lines if any(name in flags.split(",") for _, flags in MARK.findall(line))]
    rest = [line for line in lines if line not in holds]
    return "".join(
        f"\n{title}\n\n" + "".join(f"- {sentence(line)}\n" for line in some[:SHOWN])
        for title, some in (("For:", holds), ("Against:", rest))
    ) + "\n"  # fmt: skip


def sentence(line: str) -> str:
    """A marked line as Markdown: the target in bold, its attributes behind it."""
    text = MARK.sub(lambda m: f"**{m[1]}**" + (f" _({m[2].replace(',', ', ')})_" if m[2] else ""), line)
    return text.replace("\\n", " ⏎ ").replace("\\t", " ")


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
