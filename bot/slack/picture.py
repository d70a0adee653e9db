"""The picture of a finished run: a timeline as PNG. The only place that draws."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.slack.timeline import Timeline

INK, SOFT, GOOD, BAD, PAPER = "#1c1d1b", "#5c5e59", "#1d6b57", "#b3261e", "#ffffff"
_WIDE, _DOTS = 12.0, 110
_LANE = 0.34
"""Inches for a step."""
_SECONDS_UNTIL_MINUTES = 300


def png(told: Timeline) -> bytes:
    """The timeline as PNG, 1320 dots wide, on white so that it reads in light and dark alike."""
    # matplotlib takes half a second to load and is needed once in a run.
    from matplotlib.figure import Figure  # noqa: PLC0415

    height = 3.1 + _LANE * max(3, len(told.steps))
    figure = Figure(figsize=(_WIDE, height), dpi=_DOTS, facecolor=PAPER, layout="constrained")
    ratios = [1.25, 0.42, _LANE * max(3, len(told.steps))]
    visitors, access, steps = figure.subplots(3, 1, sharex=True, height_ratios=ratios)
    at = _scale(told)
    figure.suptitle(f"Closing the origin of {told.title}", color=INK, fontsize=14, x=0.01,
                    ha="left", weight="bold")  # fmt: skip
    _visitors(visitors, told, at)
    _access(access, told, at)
    _steps(steps, told, at)
    steps.set_xlabel(f"{_unit(told)} since the run was opened", color=SOFT)
    steps.set_xlim(0, at(told.until) * 1.01)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _unit(told: Timeline) -> str:
    short = (told.until - told.since).total_seconds() < _SECONDS_UNTIL_MINUTES
    return "seconds" if short else "minutes"


def _scale(told: Timeline) -> Callable[[datetime], float]:
    unit = timedelta(seconds=1) if _unit(told) == "seconds" else timedelta(minutes=1)
    return lambda when: (when - told.since) / unit


def _visitors(axes: Any, told: Timeline, at: Callable[[datetime], float]) -> None:
    """Looks a minute: served below, refused on top and hatched."""
    for bar in told.visitors:
        left, right = at(bar.since), at(bar.until)
        minutes = max((bar.until - bar.since) / timedelta(minutes=1), 1 / 60)
        served, refused = bar.served / minutes, (bar.looks - bar.served) / minutes
        place = {"x": left, "width": max(right - left, 0.01), "align": "edge", "linewidth": 0}
        axes.bar(height=served, color=GOOD, alpha=0.75, **place)
        if refused:
            axes.bar(height=refused, bottom=served, color=BAD, hatch="///", edgecolor=PAPER,
                     **place)  # fmt: skip
    looks, done = sum(b.looks for b in told.visitors), sum(b.served for b in told.visitors)
    _named(axes, f"Visitors served a minute: {done} of {looks} looks")
    axes.set_ylim(bottom=0)
    axes.tick_params(axis="y", colors=SOFT, labelsize=8)


def _access(axes: Any, told: Timeline, at: Callable[[datetime], float]) -> None:
    for span in told.access:
        open_ = span.name == "open"
        left, right = at(span.since), at(span.until)
        axes.barh(0, right - left, left=left, height=0.8, color="#fbecea" if open_ else GOOD,
                  hatch="///" if open_ else None, edgecolor=BAD if open_ else GOOD)  # fmt: skip
        axes.text((left + right) / 2, 0, f" {span.name} ", ha="center", va="center", fontsize=10,
                  weight="bold", color=BAD if open_ else PAPER,
                  bbox={"facecolor": PAPER if open_ else GOOD, "edgecolor": "none",
                        "pad": 1.5})  # fmt: skip
    _named(axes, "Direct access")
    axes.set_yticks([])


def _steps(axes: Any, told: Timeline, at: Callable[[datetime], float]) -> None:
    """A line a step, in their order; a triangle where somebody said yes."""
    given = {step: when for when, step in told.approvals}
    for row, span in enumerate(told.steps):
        left, right = at(span.since), at(span.until)
        axes.barh(row, max(right - left, 0.15), left=left, height=0.55, color="#3c6187")
        if span.name in given:
            yes = max(0.0, at(given[span.name]))
            axes.plot(yes, row, marker="v", color=INK, markersize=7, zorder=3, clip_on=False)
    axes.set_yticks(range(len(told.steps)), [span.name for span in told.steps])
    axes.invert_yaxis()
    axes.tick_params(axis="y", colors=INK, labelsize=9, length=0)
    _named(axes, "Steps (▼ approved)")
    axes.grid(axis="x", color="#e2e2dc", linewidth=0.8)
    axes.set_axisbelow(True)


def _named(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_facecolor(PAPER)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color("#e2e2dc")
    axes.tick_params(axis="x", colors=SOFT, labelsize=9)
