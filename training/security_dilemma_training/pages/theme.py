"""How charts and pages look: colours are CSS variables, so that one file serves light and dark; shapes tell apart, too.

The values of the variables stand in ``page.css``. The blue and the vermilion are those of Okabe & Ito (2008). Nothing
may be told by colour alone: give every series a dash, a shape or a label of its own as well.
"""

from __future__ import annotations

from typing import Any

from security_dilemma.spaces import INTENTS

__all__ = [
    "CONFIG",
    "CRISIS",
    "DASHES",
    "DEFENCE",
    "FAINT",
    "GREEDY",
    "INK",
    "INTENT_COLORS",
    "LINE",
    "OFFENCE",
    "PAPER",
    "PEACE",
    "SEEKER",
    "SHAPES",
    "STATE_COLORS",
    "WAR",
]

INK, FAINT, LINE, PAPER = "var(--ink)", "var(--faint)", "var(--line)", "var(--paper)"
SEEKER, GREEDY = "var(--seeker)", "var(--greedy)"
OFFENCE, DEFENCE = "var(--offence)", "var(--defence)"
PEACE, CRISIS, WAR = "var(--peace)", "var(--crisis)", "var(--war)"
INTENT_COLORS = dict(zip(INTENTS, (SEEKER, GREEDY), strict=True))
STATE_COLORS = tuple(f"var(--state-{k})" for k in range(8))
"""Colours of ``state_0``, ``state_1``, …"""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [10, 2], [4, 1], [1, 3], [6, 2, 1, 2])
"""Line dashes of ``state_0``, ``state_1``, …"""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
"""Point shapes of ``state_0``, ``state_1``, …"""

_LABEL: dict[str, Any] = {"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal"}
_FONT = "system-ui, sans-serif"

CONFIG: dict[str, Any] = {
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "title": {"color": INK, "subtitleColor": FAINT, "anchor": "start", "fontSize": 13},
    "axis": _LABEL | {"domainColor": FAINT, "tickColor": FAINT, "gridColor": LINE, "labelFontSize": 11},
    "legend": _LABEL | {"orient": "top", "title": None, "symbolStrokeColor": INK, "labelFontSize": 11, "labelLimit": 0},
    "header": _LABEL | {"labelFontSize": 12},
    "text": {"color": INK, "font": _FONT},
    "rule": {"color": INK},
    "mark": {"tooltip": True},
    "range": {"category": list(STATE_COLORS)},
}
"""The configuration of all charts, see the documentation of Vega-Lite."""
