"""Draws curves of content lost against junk found as SVG, for pages in light and in dark. Only the standard library."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 380
LEFT, TOP, RIGHT, BOTTOM = 56, 34, 250, 48
TICKS = [0, 1, 10, 100, 1000, 10_000]
# Pairs of colours: on white, on black.
COLOURS = [("#0b62d6", "#6cb0ff"), ("#c2410c", "#ff9a5c"), ("#0f7b3f", "#5fd08f"), ("#8a3ffc", "#c7a0ff"),
           ("#9f1853", "#ff8ab5"), ("#5c6670", "#a9b4bf")]


def across(lost):
    """The place of a loss: logarithmic, with nothing lost at the left edge."""
    share = math.log10(1 + lost) / math.log10(1 + TICKS[-1])
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def up(recall):
    return TOP + (1 - recall) * (HEIGHT - TOP - BOTTOM)


def curve(title, series, mark=None):
    """Returns an SVG of `series`, a list of names with points (content lost per 10,000, recall); the first is drawn
    with its points; `mark` is one more point, ringed."""
    style = [f".s{n}{{stroke:{light};fill:{light}}}" for n, (light, _) in enumerate(COLOURS)]
    dark = [f".s{n}{{stroke:{dark};fill:{dark}}}" for n, (_, dark) in enumerate(COLOURS)]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           f'role="img" aria-label="{escape(title)}: recall against content lost">',
           "<style>text{font:12px system-ui,sans-serif;fill:#1f2328;stroke:none}.t{font-size:14px;font-weight:600}"
           ".b{fill:#fff}.g{stroke:#d0d7de;stroke-width:1}path{fill:none!important;stroke-width:1.8}"
           ".first{stroke-width:3}.ring{fill:none!important;stroke-width:2}"
           + "".join(style) + "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.b{fill:#0d1117}.g{stroke:#30363d}"
           + "".join(dark) + "}</style>",
           f'<rect class="b" width="{WIDTH}" height="{HEIGHT}"/>',
           f'<text class="t" x="{LEFT}" y="20">{escape(title)}</text>']
    for tick in TICKS:
        x = across(tick)
        out.append(f'<line class="g" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>'
                   f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:,}</text>')
    for tenth in range(0, 11, 2):
        y = up(tenth / 10)
        out.append(f'<line class="g" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
                   f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">'
               "content lines lost per 10,000</text>"
               f'<text x="14" y="{(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" '
               f'transform="rotate(-90 14 {(TOP + HEIGHT - BOTTOM) / 2})">junk lines found</text>')
    for number, (name, points) in enumerate(series):
        kind = f"s{number % len(COLOURS)}"
        places = [(across(lost), up(recall)) for lost, recall in sorted(points)]
        if len(places) > 1:
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            out.append(f'<path class="{kind}{" first" if number == 0 else ""}" d="{path}"/>')
        if number == 0 or len(places) == 1:
            out += [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
        y = TOP + 14 + 22 * number
        out.append(f'<line class="{kind}" stroke-width="3" x1="{WIDTH - RIGHT + 14}" y1="{y - 4}" '
                   f'x2="{WIDTH - RIGHT + 34}" y2="{y - 4}"/>'
                   f'<text x="{WIDTH - RIGHT + 40}" y="{y}">{escape(name)}</text>')
    if mark:
        out.append(f'<circle class="s0 ring" cx="{across(mark[0]):.1f}" cy="{up(mark[1]):.1f}" r="8"/>')
    return "\n".join(out) + "\n</svg>\n"
