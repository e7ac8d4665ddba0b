"""Reads pages by CSS selectors and by the text that people see, not by the shape of the markup.

page = parse(client.get("/sessions/"))
assert page.texts("table th") == ["Session", "Client", "State"]
assert page.one("[data-state]")["data-state"] == "connected"
"""

from __future__ import annotations

from typing import Protocol

import lxml.html

WITHOUT_TEXT = {"script", "style"}


class HasText(Protocol):
    """A response, of Django's test client or of requests."""

    @property
    def text(self) -> str: ...


class Element:
    """One element, or the whole page. `element["href"]` is an attribute, "" where it is missing."""

    def __init__(self, node: lxml.html.HtmlElement):
        self.node = node

    def __getitem__(self, attribute: str) -> str:
        return self.node.get(attribute, "")

    def __contains__(self, attribute: str) -> bool:
        return attribute in self.node.attrib

    def __repr__(self) -> str:
        return lxml.html.tostring(self.node, encoding="unicode")

    @property
    def tag(self) -> str:
        return self.node.tag

    @property
    def own_text(self) -> str:
        """The text of the element, every run of white space as one space."""
        return " ".join("".join(_pieces(self.node)).split())

    def css(self, selector: str) -> list[Element]:
        """Every element inside this one that the CSS selector matches, in document order."""
        return [Element(node) for node in self.node.cssselect(selector)]

    def has(self, selector: str) -> bool:
        return bool(self.node.cssselect(selector))

    def one(self, selector: str) -> Element:
        """The only match; fails where there is none, or more than one."""
        found = self.css(selector)
        assert len(found) == 1, f"{len(found)} elements match {selector!r} in:\n{self!r}"
        return found[0]

    def text(self, selector: str = "") -> str:
        """The text of the only match, or of this whole element without a selector."""
        return self.one(selector).own_text if selector else self.own_text

    def texts(self, selector: str) -> list[str]:
        """The text of every match, in document order."""
        return [element.own_text for element in self.css(selector)]

    def attributes(self, selector: str, name: str) -> list[str]:
        """One attribute of every match that has it, in document order."""
        return [element[name] for element in self.css(selector) if name in element]

    def rows(self, selector: str = "tbody tr") -> list[list[str]]:
        """The cells' texts of every table row that the selector matches."""
        return [row.texts("th, td") for row in self.css(selector)]

    def fields(self, selector: str = "form") -> dict[str, list[str]]:
        """What the only matching form would send as it stands, without its buttons."""
        sent: dict[str, list[str]] = {}
        for name, value in self.one(selector).node.form_values():
            sent.setdefault(name, []).append(value)
        return sent


def parse(source: str | bytes | HasText) -> Element:
    """A page or a part of one, from its text or from the response that brought it."""
    text = source if isinstance(source, str | bytes) else source.text
    return Element(lxml.html.document_fromstring(text, ensure_head_body=True))


def _pieces(node: lxml.html.HtmlElement) -> list[str]:
    """The text of an element in pieces. The `tag` of a comment is a function, not a name."""
    if not isinstance(node.tag, str) or node.tag in WITHOUT_TEXT:
        return []
    pieces = [node.text or ""]
    for child in node:
        pieces += [*_pieces(child), child.tail or ""]
    return pieces
