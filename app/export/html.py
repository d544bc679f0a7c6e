"""An answer as one page without anything from elsewhere; the browser prints it, also to PDF."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING

from app.export.answers import NOT_A_DEVICE, NOT_FOUND, Exported, Source

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_STYLE = """
body { font: 15px/1.55 system-ui, sans-serif; color: #15202b; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.35rem; } h2 { font-size: 1.05rem; margin-top: 1.6rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #dde3e9; }
.box { border-left: 3px solid #8a5300; background: #fff4df; padding: .4rem .8rem; margin: .6rem 0; }
.conflict { border-color: #5b3fa8; background: #f0ecfb; }
ol { padding-left: 0; list-style: none; } ol li { margin: .7rem 0; break-inside: avoid; }
.ref, footer { color: #566473; font-size: .85rem; overflow-wrap: anywhere; }
blockquote { margin: .3rem 0; padding-left: .8rem; border-left: 2px solid #dde3e9; white-space: pre-wrap; }
mark { background: #fff1a8; }
dl { display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: .1rem 1rem; margin: .3rem 0; }
dd { margin: 0; } footer { border-top: 1px solid #dde3e9; margin-top: 2rem; padding-top: .6rem; }
@media print { body { margin: 0; max-width: none; } }
"""


def to_html(whole: Exported) -> str:
    """The page. What the record or an answer says is text in it, never markup."""
    answer = whole.answer
    boxes = [f'<p class="box"><b>Mind:</b> {escape(w)}</p>' for w in answer.warnings if w not in answer.text]
    boxes += [
        f'<p class="box conflict"><b>Record and notes differ: {escape(c.topic)}.</b><br>Record: {escape(c.record_says)}'
        f"<br>Note: {escape(c.note_says)}</p>"
        for c in answer.conflicts
    ]
    sources = "".join(map(_source, whole.sources))
    listed = f"<h2>Sources</h2><ol>{sources}</ol>" if sources else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>ChartTwin answer</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(answer.question)}</h1>{_markdown().render(answer.text)}{''.join(boxes)}{listed}</main>"
        f"<footer>Patient {escape(whole.patient_id)} · ChartTwin, {whole.made:%Y-%m-%d %H:%M} UTC<br>{NOT_A_DEVICE}"
        "</footer></body></html>"
    )


def tokens(text: str) -> list[Token]:
    """Markdown of an answer taken apart; links, images and markup of its own are text."""
    return _markdown().parse(text)


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "reference"])


def _source(source: Source) -> str:
    day = f"{source.time:%Y-%m-%d}" if source.time else ""
    head = " · ".join(filter(None, (f"<b>[{source.number}]</b> {escape(source.title)}", day)))
    ref = f'<div class="ref">{escape(source.ref)}</div>'
    if source.view is None:
        return f"<li><b>[{source.number}]</b> {NOT_FOUND}{ref}</li>"
    before, cited, after = source.excerpt
    if cited:
        body = f"<blockquote>{escape(before)}<mark>{escape(cited)}</mark>{escape(after)}</blockquote>"
    else:
        rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in source.view.rows)
        body = f"<dl>{rows}</dl>" if rows else ""
    return f"<li>{head}{body}{ref}</li>"
