"""Every pair of colours that carries text is readable in both themes: 4.5 to 1, by the tokens."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STYLESHEETS = {path.name: path.read_text() for path in (ROOT / "static").glob("*.css")}
TOKEN = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
TOKENS = {name: (light, dark) for name, light, dark in TOKEN.findall(STYLESHEETS["tokens.css"])}
COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|light-dark)\("
    r"|\b(?:white|black|gray|grey|red|green|blue)\b(?!-)"
)
MEANINGS = ["ok", "paused", "failed", "unknown", "idle"]
GROUNDS = ["page", "card", "inset", "hover"]

TEXT_PAIRS = (
    [
        (text, ground)
        for text in ("text", "text-muted", "text-faint", "accent")
        for ground in GROUNDS
    ]
    + [
        (text, f"{meaning}-wash")
        for text in ("text", "text-muted")
        for meaning in [*MEANINGS, "accent"]
    ]
    + [(meaning, f"{meaning}-wash") for meaning in MEANINGS]
    + [(meaning, ground) for meaning in ("paused", "failed") for ground in GROUNDS]
    + [("accent-strong", "accent-wash"), ("on-accent", "accent"), ("on-accent", "accent-strong")]
    + [("text-faint", "accent-wash"), ("accent", "accent-wash"), ("paused", "accent-wash")]
)
# Borders of controls, focus rings and dots: 3 to 1 against what is beside them.
SHAPE_PAIRS = [
    (shape, ground)
    for shape in ("border-strong", "accent", *MEANINGS)
    for ground in ("page", "card", "inset")
]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_measure_is_right():
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_is_readable(text, ground, theme):
    assert contrast(TOKENS[text][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_shapes_can_be_seen(shape, ground, theme):
    assert contrast(TOKENS[shape][theme], TOKENS[ground][theme]) >= 3


@pytest.mark.parametrize("name", sorted(set(STYLESHEETS) - {"tokens.css"}))
def test_no_stylesheet_but_the_tokens_names_a_colour(name):
    rules = re.sub(r"/\*.*?\*/", "", STYLESHEETS[name], flags=re.DOTALL)
    # Values alone: a selector such as #alarm only looks like a colour.
    values = re.findall(r"(?<=[{;])\s*[a-z-]+:([^{};]*)(?=[;}])", rules)
    assert len(values) > 20
    assert [value for value in values if COLOUR.search(value)] == []


@pytest.mark.parametrize("name", sorted(STYLESHEETS))
def test_every_token_that_is_used_is_defined(name):
    defined = set(re.findall(r"(--[a-z0-9-]+):", "".join(STYLESHEETS.values())))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", STYLESHEETS[name])) <= defined


@pytest.mark.parametrize(
    ("template", "sheet"),
    [
        ("base.html", "pingadmin.css"),
        ("500.html", "pingadmin.css"),
        ("admin/base_site.html", "admin-theme.css"),
    ],
)
def test_the_tokens_are_loaded_before_what_uses_them(template, sheet):
    text = (ROOT / "templates" / template).read_text()
    assert 0 < text.index("tokens.css") < text.index(sheet)
