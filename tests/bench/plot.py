"""Bars as SVG: one group for each number of containers, one bar for each peer."""

from collections.abc import Mapping, Sequence
from html import escape

COLORS = ("#8a8a8a", "#0b6e99", "#c77700", "#9b4dca", "#3a8a3a")
BAR, GAP, LEFT, WIDTH, NUMBER = 16, 14, 190, 420, 70  # pixels
STYLE = "font-family: sans-serif; font-size: 12px; fill: #444"


def bars(title: str, groups: Mapping[str, Mapping[str, float]], unit: str = "s") -> str:
    """Return a picture of figures by group and name; each group has its own scale, as they differ so much."""
    rows: list[str] = []
    at = 30
    for group, figures in groups.items():
        rows.append(f'<text x="8" y="{at + 12}" font-weight="bold">{escape(group)}</text>')
        at += BAR + 4
        for number, (name, figure) in enumerate(figures.items()):
            rows += _bar(at, name, figure, figure / max(figures.values()), COLORS[number % len(COLORS)], unit)
            at += BAR + 2
        at += GAP
    return _picture(title, rows, at)


def _bar(at: int, name: str, figure: float, share: float, color: str, unit: str) -> Sequence[str]:
    length = max(share * WIDTH, 1)
    return (
        f'<text x="{LEFT - 8}" y="{at + 12}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{LEFT}" y="{at}" width="{length:.0f}" height="{BAR}" fill="{color}"/>',
        f'<text x="{LEFT + length + 6:.0f}" y="{at + 12}">{figure:.2f} {unit}</text>',
    )


def _picture(title: str, rows: Sequence[str], height: int) -> str:
    width = LEFT + WIDTH + NUMBER
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" style="{STYLE}">'
    ground = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    caption = f'<text x="8" y="18" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, ground, caption, *rows, "</svg>", ""])
