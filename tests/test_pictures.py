"""The pictures of the docs are taken by one command, and are as new as what they show."""

import json
import re

from tests.support import screenshots
from tests.support.processes import CHECKOUT

DOCUMENTS = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


def test_each_picture_is_as_new_as_the_templates_and_styles_that_it_shows():
    stored = json.loads(screenshots.DIGESTS.read_text())
    outdated = [
        picture.name
        for picture in screenshots.ALL
        if stored.get(picture.name) != screenshots.digest_of(picture)
    ]
    assert outdated == [], "what they show has changed: run `make screenshots`"


def test_each_picture_is_there_in_both_themes_and_in_use():
    there = {path.name for path in screenshots.PICTURES.glob("*.png")}
    assert there == {
        f"{picture.name}-{theme}.png" for picture in screenshots.ALL for theme in ("light", "dark")
    }
    texts = "".join(path.read_text() for path in DOCUMENTS)
    used = set(re.findall(r"pictures/([\w-]+\.png)", texts))
    assert used == there
