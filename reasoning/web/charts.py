"""Charts as plain figures for an SVG in a template: stacked columns, from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 160
"""Of the drawing, in its own units."""


@dataclass(frozen=True)
class Bar:
    """A rectangle; ``shade`` (1, 2, 3 ...) says which of the stacked values it is."""

    x: str
    y: str
    width: str
    height: str
    shade: int


@dataclass(frozen=True)
class Chart:
    """Rectangles, and what the highest column stands for."""

    bars: list[Bar]
    highest: int
    width: int = WIDTH
    height: int = HEIGHT


def columns(values: Sequence[Sequence[int]]) -> Chart:
    """One column for each item, its parts stacked from below."""
    highest = max((sum(parts) for parts in values), default=0)
    step = WIDTH / max(len(values), 1)
    bars = []
    for place, parts in enumerate(values):
        base = 0.0
        for shade, value in enumerate(parts, start=1):
            height = value / highest * HEIGHT if highest else 0.0
            base += height
            if value:
                bars.append(_bar(place * step, HEIGHT - base, step, height, shade))
    return Chart(bars, highest)


def _bar(x: float, y: float, step: float, height: float, shade: int) -> Bar:
    """Columns leave a fifth of their place free, but at most a few units."""
    gap = min(step / 5, 6)
    return Bar(f"{x + gap / 2:.2f}", f"{y:.2f}", f"{step - gap:.2f}", f"{height:.2f}", shade)
