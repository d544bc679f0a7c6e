"""Trends and simulations as Plotly figures that read well on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin_backend.display import written_unit

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from domain.predictions import Influence, Sensitivity

# Told apart in both themes and with the common colour vision deficiencies (Okabe and Ito).
_COLOURS = ("#0d9488", "#e69f00", "#56b4e9", "#cc79a7", "#d55e00", "#8b8bd6")
_INK = "#7c8794"
_FEWEST_POINTS = 2  # one value is no trend
_GRID = "rgba(124,135,148,0.22)"


def figure_of(artifact: Mapping[str, Any]) -> Figure | None:
    """The figure of an answer's artifact, or None when there is nothing to draw."""
    if artifact.get("kind") == "trend" and len(artifact.get("points") or ()) >= _FEWEST_POINTS:
        return _trend(artifact)
    if artifact.get("kind") == "simulation" and artifact.get("series"):
        return _simulation(artifact)
    return None


def tornado(found: Sensitivity) -> Figure:
    """How far each input moves a result, the widest bar on top; of Morris or Sobol the first index of each."""
    unit = written_unit(found.unit)
    figure = _blank(found.label, unit, "")
    rows = found.influences[::-1]  # Plotly draws from the bottom
    names = [f"{_plain(row.label)} ({_range(row)})" for row in rows]
    if found.method == "one_at_a_time":
        _add_swings(figure, found, names, unit)
    else:
        index = next(iter(rows[0].indices)) if rows and rows[0].indices else ""
        figure.add_bar(
            y=names, x=[row.indices.get(index) for row in rows], orientation="h", marker={"color": _COLOURS[0]}
        )
        figure.update_layout(xaxis_title=_plain(index))
    figure.update_layout(barmode="overlay", height=120 + 32 * len(rows), margin={"l": 12}, yaxis={"automargin": True})
    return figure


def _add_swings(figure: Figure, found: Sensitivity, names: list[str], unit: str) -> None:
    for end, colour, title in (
        ("output_low", _COLOURS[2], "at the low end"), ("output_high", _COLOURS[4], "at the high end"),
    ):  # fmt: skip
        results = [getattr(row, end) for row in found.influences[::-1]]
        moved = [None if value is None else value - found.baseline for value in results]
        figure.add_bar(
            y=names, x=moved, base=found.baseline, orientation="h", name=title, marker={"color": colour}, customdata=results,
            hovertemplate=f"%{{y}}<br><b>%{{customdata:.4g}} {_plain(unit)}</b><extra>{title}</extra>",
        )  # fmt: skip
    figure.add_vline(x=found.baseline, line={"color": _INK, "width": 1})


def _range(row: Influence) -> str:
    """The ends of an input as a chart writes them: "117 to 143 mEq/L", "no to yes"."""
    return _plain(f"{_end(row.low)} to {_end(row.high)} {written_unit(row.unit)}".rstrip())


def _end(value: float | bool | str | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _trend(artifact: Mapping[str, Any]) -> Figure:
    figure = _blank(str(artifact.get("title") or "Trend"), "", str(artifact.get("unit") or ""))
    points: Sequence[Mapping[str, Any]] = artifact["points"]
    low, high = artifact.get("reference_range") or (None, None)
    if low is not None and high is not None:
        figure.add_hrect(y0=low, y1=high, fillcolor=_COLOURS[0], opacity=0.10, line_width=0, layer="below")
        figure.add_annotation(
            text="reference range", x=1, xref="paper", xanchor="right", y=high, yanchor="top", showarrow=False,
            font={"size": 10, "color": _INK},
        )  # fmt: skip
    figure.add_scatter(
        x=[point["time"] for point in points],
        y=[point["value"] for point in points],
        mode="lines+markers",
        line={"color": _COLOURS[0], "width": 2},
        marker={"size": 7},
        hovertemplate=f"%{{x|%d %b %Y}}<br><b>%{{y:.6g}} {_plain(artifact.get('unit'))}</b><extra></extra>",
        showlegend=False,
    )
    return figure


def _simulation(artifact: Mapping[str, Any]) -> Figure:
    series: Sequence[Mapping[str, Any]] = artifact["series"]
    first = series[0]
    figure = _blank(
        str(artifact.get("title") or "Simulation"),
        f"time ({first.get('time_unit', 'h')})",
        str(first.get("unit") or ""),
    )
    for number, one in enumerate(series):
        _add_series(figure, one, _COLOURS[number % len(_COLOURS)])
    figure.update_layout(showlegend=len(series) > 1)
    return figure


def _add_series(figure: Figure, one: Mapping[str, Any], colour: str) -> None:
    times, lower, upper = list(one["times"]), list(one.get("lower") or ()), list(one.get("upper") or ())
    label = _plain(one.get("label") or one.get("name"))
    if lower and upper:
        figure.add_scatter(
            x=times + times[::-1], y=upper + lower[::-1], fill="toself", fillcolor=colour, opacity=0.16,
            hoverinfo="skip", mode="lines", line={"width": 0}, showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=times,
        y=list(one["values"]),
        mode="lines",
        name=label,
        line={"color": colour, "width": 2.2},
        hovertemplate=f"%{{x:.4g}} {_plain(one.get('time_unit', 'h'))}<br><b>%{{y:.4g}} {_plain(one.get('unit'))}</b>"
        f"<extra>{label}</extra>",
    )


def _blank(title: str, x_title: str, y_title: str) -> Figure:
    from plotly.graph_objects import Figure

    axis = {"gridcolor": _GRID, "zeroline": False, "linecolor": _GRID, "title_font": {"size": 12}}
    return Figure(
        layout={
            "title": {"text": _plain(title), "font": {"size": 14}, "x": 0, "xanchor": "left", "y": 0.97},
            "xaxis": {**axis, "title": _plain(x_title)},
            "yaxis": {**axis, "title": _plain(y_title), "rangemode": "normal"},
            "height": 300,
            "autosize": True,
            "margin": {"l": 56, "r": 16, "t": 48, "b": 44},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": _INK, "family": "system-ui, sans-serif", "size": 12},
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "hovermode": "closest",
            "template": "none",
        }
    )


def _plain(text: object) -> str:
    """Text that Plotly does not read as its small HTML."""
    return str(text or "").replace("&", "&amp;").replace("<", "&lt;")
