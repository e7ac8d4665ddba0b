"""Every pair of colours that carries text is readable in both themes: 4.5 to 1, from the stylesheet
itself.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
SHEET = (ROOT / "static/pingadmin.css").read_text()
TOKENS = {name: (light, dark) for name, light, dark in TOKEN.findall(SHEET)}
MEANINGS = ["ok", "paused", "failed", "unknown", "idle"]
GROUNDS = ["page", "card", "well", "hover"]

TEXT_PAIRS = (
    [(text, ground) for text in ("text", "second", "third", "accent") for ground in GROUNDS]
    + [
        (text, f"{meaning}-wash")
        for text in ("text", "second")
        for meaning in [*MEANINGS, "accent"]
    ]
    + [(meaning, f"{meaning}-wash") for meaning in MEANINGS]
    + [(meaning, ground) for meaning in ("paused", "failed") for ground in GROUNDS]
    + [("accent-strong", "accent-wash"), ("on-accent", "accent"), ("on-accent", "accent-strong")]
    + [("third", "accent-wash"), ("accent", "accent-wash"), ("paused", "accent-wash")]
)
# Borders of controls, focus rings and dots: 3 to 1 against what is beside them.
SHAPE_PAIRS = [
    (shape, ground)
    for shape in ("edge", "accent", *MEANINGS)
    for ground in ("page", "card", "well")
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


def test_colours_are_written_once():
    outside = SHEET[SHEET.index("@layer base {") :]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", outside)) <= {"#ffffff"}


def test_the_admin_uses_the_same_colours():
    known = set(TOKENS.values())
    admin = re.findall(
        r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)",
        (ROOT / "static/admin-theme.css").read_text(),
    )
    assert admin and set(admin) <= known
