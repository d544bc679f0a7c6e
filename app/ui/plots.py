"""Trends and simulations as Plotly figures that read well on a light and on a dark page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.ui.marks import Stretch, interventions
from twin_backend.display import written_unit

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from domain.predictions import Influence, Sensitivity
    from tools.context import Chart

# Told apart in both themes and with the common colour vision deficiencies (Okabe and Ito).
_COLOURS = ("#0d9488", "#e69f00", "#56b4e9", "#cc79a7", "#d55e00", "#8b8bd6")
_INK = "#7c8794"
_FEWEST_POINTS = 2  # one value is no trend
_MOST_ROWS = 14  # of a lane: the newest
_DAY_S = 86_400
_GRID = "rgba(124,135,148,0.22)"


def figure_of(artifact: Mapping[str, Any], chart: Chart | None = None) -> Figure | None:
    """The figure of an answer's artifact, or None when there is nothing to draw.

    Args:
        artifact: Of a trend or a simulation.
        chart: Whose drugs and procedures are marked above a trend.
    """
    if artifact.get("kind") == "trend" and len(artifact.get("points") or ()) >= _FEWEST_POINTS:
        figure = _trend(artifact)
        if chart is not None:
            _mark(figure, artifact, chart)
        return figure
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
    has_second = any(point.get("second") is not None for point in points)
    if low is not None and high is not None and not has_second:  # one range cannot stand for two measurements
        figure.add_hrect(y0=low, y1=high, fillcolor=_COLOURS[0], opacity=0.10, line_width=0, layer="below")
        told = f"shaded: reference range {low:g} to {high:g}"
        figure.update_layout(title_text=f"{figure.layout.title.text}  <span style='font-size:11px'>{told}</span>")
    _add_points(figure, points, "value", _COLOURS[0], artifact.get("unit"))
    if has_second:
        _add_points(figure, points, "second", _COLOURS[2], artifact.get("unit"))
    return figure


def _add_points(figure: Figure, points: Sequence[Mapping[str, Any]], key: str, colour: str, unit: object) -> None:
    figure.add_scatter(
        x=[point["time"] for point in points],
        y=[point.get(key) for point in points],
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"size": 7},
        hovertemplate=f"%{{x|%d %b %Y}}<br><b>%{{y:.6g}} {_plain(unit)}</b><extra></extra>",
        showlegend=False,
    )


def _mark(figure: Figure, artifact: Mapping[str, Any], chart: Chart) -> None:
    """Triangles on the upper edge for drugs begun and ended and procedures done; their words show on pointing at them."""
    times = [datetime.fromisoformat(point["time"]) for point in artifact["points"] if point.get("time")]
    found = interventions(chart, min(times), max(times)) if times else []
    if not found:
        return
    figure.add_scatter(
        x=[mark.time.isoformat() for mark in found], y=[0.98] * len(found), yaxis="y2", mode="markers", showlegend=False,
        marker={"symbol": "triangle-down", "size": 10, "color": _COLOURS[3]}, text=[_wrapped(m.text) for m in found],
        hovertemplate="%{x|%d %b %Y}<br>%{text}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    for mark in found:
        figure.add_vline(x=mark.time.isoformat(), line={"color": _COLOURS[3], "width": 1, "dash": "dot"}, opacity=0.45)
    figure.update_layout(
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        xaxis_title={"text": "▼ drug started or ended, or procedure", "font": {"size": 11}},
    )


def timeline(stretches: Sequence[Stretch], as_of: datetime) -> Figure | None:
    """What lasted as bars over time, in lanes; None when nothing has a date."""
    if not stretches:
        return None
    figure = _blank("Timeline", "", "")
    lanes = list(dict.fromkeys(one.lane for one in stretches))
    rows = sorted(stretches, key=lambda one: (lanes.index(one.lane), one.start.timestamp()))
    height = 0
    ticks: list[tuple[float, str]] = []
    for colour, lane in zip(_COLOURS, lanes, strict=False):
        own = [one for one in rows if one.lane == lane][-_MOST_ROWS:]
        places = {label: height + i for i, label in enumerate(dict.fromkeys(one.label for one in own))}
        for one in own:
            _add_stretch(figure, one, places[one.label], colour, as_of)
        ticks += [(place, label) for label, place in places.items()]
        height += len(places) + 1  # a free line between lanes
    figure.update_layout(
        height=90 + 19 * height, hovermode="closest", margin={"l": 12, "r": 12},
        yaxis={"tickvals": [t for t, _ in ticks], "ticktext": [_plain(t[:34]) for _, t in ticks], "autorange": "reversed",
               "automargin": True, "showgrid": False, "zeroline": False, "tickfont": {"size": 11}},
    )  # fmt: skip
    return figure


def _add_stretch(figure: Figure, one: Stretch, place: int, colour: str, as_of: datetime) -> None:
    end = min(one.end, as_of) if one.end is not None else None
    is_point = one.lane == "Procedures" or (end is not None and (end - one.start).total_seconds() < _DAY_S)
    until = one.start if is_point else (end or as_of)
    told = f"{one.start:%d %b %Y}" + ("" if is_point else f" to {end:%d %b %Y}" if end else ", no end recorded")
    figure.add_scatter(
        x=[one.start.isoformat(), until.isoformat()], y=[place, place], mode="markers" if is_point else "lines",
        line={"color": colour, "width": 8}, marker={"color": colour, "size": 8}, showlegend=False, opacity=0.85,
        hovertemplate=f"<b>{_plain(one.label)}</b><br>{told}<extra>{one.lane}</extra>",
    )  # fmt: skip


def _wrapped(text: str) -> str:
    return "<br>".join(_plain(line) for line in textwrap.wrap(text, 48)[:8])


def _simulation(artifact: Mapping[str, Any]) -> Figure:
    series: Sequence[Mapping[str, Any]] = artifact["series"]
    first = series[0]
    figure = _blank(
        str(artifact.get("title") or "Simulation"),
        f"time ({first.get('time_unit', 'h')})",
        str(first.get("unit") or ""),
    )
    for number, (one, label) in enumerate(zip(series, _told_apart(series), strict=True)):
        _add_series(figure, one, label, _COLOURS[number % len(_COLOURS)])
    # Below the plot, one under the other: beside or above it, names of scenarios would be cut off.
    below = {"orientation": "v", "x": 0, "xanchor": "left", "y": -0.24, "yanchor": "top"}
    figure.update_layout(showlegend=len(series) > 1, legend=below, height=300 + 20 * len(series) * (len(series) > 1))
    return figure


def _told_apart(series: Sequence[Mapping[str, Any]]) -> list[str]:
    """The labels of curves; of one quantity in several scenarios, "concentration (750 mg)", the scenarios alone."""
    labels = [str(one.get("label") or one.get("name") or "") for one in series]
    parts = [label.partition(" (") for label in labels]
    if len(labels) > 1 and len({head for head, _, _ in parts}) == 1 and all(tail.endswith(")") for *_, tail in parts):
        return [tail[:-1] for *_, tail in parts]
    return labels


def _add_series(figure: Figure, one: Mapping[str, Any], name: str, colour: str) -> None:
    times, lower, upper = list(one["times"]), list(one.get("lower") or ()), list(one.get("upper") or ())
    label = _plain(name)
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
