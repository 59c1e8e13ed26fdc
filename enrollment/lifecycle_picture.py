"""Draws the lifecycle: the statuses as boxes, the changes between two of them as one arrow with a number, told below."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from enrollment.lifecycle import Transition
from enrollment.status import STATUS_CHOICES, Status

WIDTH, HEIGHT, BOX_WIDTH, BOX_HEIGHT = 960, 480, 190, 52
PLACES = {
    Status.INACTIVE: (120, 240),
    Status.INVITED: (300, 60),
    Status.ACTION_REQUIRED: (650, 60),
    Status.VALIDATING: (835, 240),
    Status.ENROLLED: (650, 420),
    Status.DISCONTINUED: (300, 420),
}
NAMES = {Status(value): str(name) for value, name in STATUS_CHOICES}
STYLE = (
    "text{font:600 14px system-ui,sans-serif;fill:#12201f;text-anchor:middle;dominant-baseline:central}"
    "rect{fill:#e3efee;stroke:#0a5a5d;stroke-width:1.5}path{fill:none;stroke:#6c7a78;stroke-width:1.5}"
    "circle{fill:#fff;stroke:#6c7a78}.n{font-size:12px;font-weight:400}.ground{fill:#fff;stroke:none}"
)
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z" style="fill:#6c7a78;stroke:none"/></marker></defs>'
)
Arrows = Mapping[tuple[Status, Status], Sequence[str]]


def arrows(transitions: Sequence[Transition]) -> dict[tuple[Status, Status], list[str]]:
    """The causes of each change, by the two statuses, in the order of their numbers."""
    grouped: dict[tuple[Status, Status], list[str]] = {}
    for one in transitions:
        grouped.setdefault((one.before, one.after), []).append(one.words)
    return grouped


def svg(grouped: Arrows) -> str:
    """The picture."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        f'<title id="title">The statuses of an enrollment and the changes between them</title><style>{STYLE}</style>',
        TIP,
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        *(_arrow(before, after, number) for number, (before, after) in enumerate(grouped, 1)),
        *(_box(status) for status in PLACES),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(status: Status) -> str:
    x, y = PLACES[status]
    place = f'x="{x - BOX_WIDTH // 2}" y="{y - BOX_HEIGHT // 2}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"'
    return f'<rect {place}/><text x="{x}" y="{y}">{escape(NAMES[status])}</text>'


def _arrow(before: Status, after: Status, number: int) -> str:
    """A curve that keeps right, so that there and back are told apart."""
    (x1, y1), (x2, y2) = PLACES[before], PLACES[after]
    length = math.hypot(x2 - x1, y2 - y1)
    bend = 34
    middle = ((x1 + x2) / 2 - (y2 - y1) / length * bend, (y1 + y2) / 2 + (x2 - x1) / length * bend)
    (sx, sy), (ex, ey) = _edge((x1, y1), middle), _edge((x2, y2), middle)
    # The number a third of the way along, where fewer arrows cross than in the middle.
    nx, ny = 0.49 * sx + 0.42 * middle[0] + 0.09 * ex, 0.49 * sy + 0.42 * middle[1] + 0.09 * ey
    curve = f'<path d="M{sx:.0f} {sy:.0f}Q{middle[0]:.0f} {middle[1]:.0f} {ex:.0f} {ey:.0f}" marker-end="url(#tip)"/>'
    return f'{curve}<circle cx="{nx:.0f}" cy="{ny:.0f}" r="10"/><text class="n" x="{nx:.0f}" y="{ny:.0f}">{number}</text>'


def _edge(place: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the middle of a box towards a point leaves the box."""
    dx, dy = towards[0] - place[0], towards[1] - place[1]
    scale = min((BOX_WIDTH / 2 + 3) / abs(dx) if dx else math.inf, (BOX_HEIGHT / 2 + 3) / abs(dy) if dy else math.inf)
    return place[0] + dx * scale, place[1] + dy * scale


def markdown(grouped: Arrows) -> str:
    """The page around the picture."""
    rows = [
        f"| {number} | {NAMES[before]} | {NAMES[after]} | {', '.join(causes)} |"
        for number, ((before, after), causes) in enumerate(grouped.items(), 1)
    ]
    return "\n".join(
        [
            "# The life of an enrollment",
            "",
            "Written by `manage.py lifecycle_picture` from `enrollment/status.py`; don't edit it. A status is derived from facts,",
            "so an arrow is not a step that somebody takes but what the facts mean before and after something happened.",
            "",
            "![The statuses of an enrollment and the changes between them](lifecycle.svg)",
            "",
            "| | from | to | when |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
