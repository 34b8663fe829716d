"""Charts as plain figures for an SVG in a template: stacked columns, from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

WIDTH, HEIGHT = 720, 160
"""Of the drawing, in its own units."""


@dataclass(frozen=True)
class Chart:
    """What the highest column stands for, and an SVG path for each of the stacked values: its bars
    in all columns."""

    paths: list[str]
    highest: int
    width: int = WIDTH
    height: int = HEIGHT


def columns(values: Sequence[Sequence[int]]) -> Chart:
    """One column for each item, its parts stacked from below."""
    highest = max((sum(parts) for parts in values), default=0)
    unit = HEIGHT / highest if highest else 0.0
    step = WIDTH / max(len(values), 1)
    stacks = [_stack(place * step, step, parts, unit) for place, parts in enumerate(values)]
    return Chart(["".join(bars) for bars in zip_longest(*stacks, fillvalue="")], highest)


def _stack(left: float, step: float, parts: Sequence[int], unit: float) -> list[str]:
    """A column's bars, from below; columns leave a fifth of their place free, but not much."""
    gap = min(step / 5, 6)
    bars, y = [], float(HEIGHT)
    for value in parts:
        y -= value * unit
        bars.append(_bar(left + gap / 2, y, step - gap, value * unit) if value else "")
    return bars


def _bar(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.2f} {y:.2f}h{width:.2f}v{height:.2f}h{-width:.2f}z"
