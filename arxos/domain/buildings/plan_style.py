"""How a plan looks, light and dark. Media queries, not variables: renderers outside browsers know no CSS variables."""

_RULES = """
text{{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;fill:{ink}}}
.paper{{fill:{paper}}}.slab{{fill:{slab};stroke:{line};stroke-width:20}}
.space{{fill:{space}}}.space.noted{{fill:{noted}}}
.furniture{{fill:{furniture};stroke:{line};stroke-width:14}}.other{{fill:none;stroke:{line};stroke-width:14}}
.stair{{fill:{furniture};stroke:{line};stroke-width:16}}.tread{{fill:none;stroke:{line};stroke-width:14}}
.wall{{fill:{wall};stroke:{wall};stroke-width:12;stroke-linejoin:round}}
.gap{{fill:{space}}}.leaf{{fill:none;stroke:{wall};stroke-width:32;stroke-linecap:round}}
.swing{{fill:none;stroke:{line};stroke-width:13}}
.window{{fill:{glass};stroke:{wall};stroke-width:16}}.pane{{fill:none;stroke:{wall};stroke-width:12}}
.soft,.soft text{{fill:{soft}}}.strong{{font-weight:600}}.mid{{text-anchor:middle}}
.halo{{paint-order:stroke;stroke:{space};stroke-linejoin:round}}.halo.noted{{stroke:{noted}}}
.rule{{fill:none;stroke:{line};stroke-width:14}}.bar{{fill:{ink};stroke:{ink};stroke-width:12}}
.hollow{{fill:{paper};stroke:{ink};stroke-width:12}}
.error{{fill:{error}}}.warning{{fill:{warning}}}.info{{fill:{info}}}
.mark{{stroke:{paper}}}.mark+text,.count{{fill:#fff;font-weight:700;text-anchor:middle}}
"""

_LIGHT = {
    "ink": "#1f2933",
    "soft": "#69757f",
    "paper": "#ffffff",
    "slab": "#eef0f2",
    "space": "#fbfaf7",
    "noted": "#fdf1e3",
    "furniture": "#f3f1ec",
    "line": "#aab3bb",
    "wall": "#2b3640",
    "glass": "#dcecf7",
    "error": "#c92a2a",
    "warning": "#c77700",
    "info": "#1c6fb5",
}
_DARK = {
    "ink": "#e4e9ee",
    "soft": "#94a1ad",
    "paper": "#12171c",
    "slab": "#1b2229",
    "space": "#1f272f",
    "noted": "#3a2e20",
    "furniture": "#28323b",
    "line": "#566573",
    "wall": "#c9d2da",
    "glass": "#2d4a60",
    "error": "#e5484d",
    "warning": "#d98a1f",
    "info": "#3b8fd6",
}


def style_sheet() -> str:
    """The whole style element."""
    light, dark = (_RULES.format(**colours).replace("\n", "") for colours in (_LIGHT, _DARK))
    return f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
