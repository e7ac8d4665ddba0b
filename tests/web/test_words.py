"""Pages, messages and docs use the words of docs/glossary.md, not the ones that it replaced."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
PYTHON = sorted(
    path for path in (ROOT / "pingadmin").rglob("*.py") if path.parent.name != "migrations"
)
REPLACED = re.compile(
    r"\b(press(?:es|ed)?|(?:un)?settled?|mend(?:s|ed)?|hears?|heard|sightings?|stretch(?:es)?"
    r"|anew|stories|look after|client or agent|integrity check|no upstream is set"
    r"|looks nothing up|broke off its answer|failed itself|only witness|left this panel)\b",
    re.IGNORECASE,
)
CODE_IN_TEMPLATE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)


def sentences_in(source: str) -> Iterator[str]:
    """Texts of several words that are not docstrings: what pages, messages and logs are made of."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and id(node) not in docstrings
    )
    return (text for text in texts if isinstance(text, str) and " " in text)


def replaced_words(paths: list[Path], read: Callable[[str], str]) -> dict[str, list[str]]:
    found = {
        str(path.relative_to(ROOT)): REPLACED.findall(read(path.read_text())) for path in paths
    }
    return {name: words for name, words in found.items() if words}


def test_templates_use_the_words_of_the_glossary():
    assert replaced_words(TEMPLATES, lambda source: CODE_IN_TEMPLATE.sub("", source)) == {}


def test_documents_use_the_words_of_the_glossary():
    """Names in `code` may be stored words, which stay."""
    assert replaced_words(DOCUMENTS, lambda text: re.sub(r"`[^`]*`", "", text)) == {}


def test_sentences_in_the_code_use_the_words_of_the_glossary():
    assert replaced_words(PYTHON, lambda source: "\n".join(sentences_in(source))) == {}


def test_the_scan_finds_what_it_looks_for():
    source = '"""Pressed."""\nraise ValueError("Nothing was heard of it.")\nword = "heard"'
    assert list(sentences_in(source)) == ["Nothing was heard of it."]
    assert REPLACED.findall("Pressed twice, unsettled") == ["Pressed", "unsettled"]
