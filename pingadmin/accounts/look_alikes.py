"""User names that people can tell apart: in one alphabet, and not like another with other letters.

The Cyrillic U+0430 looks like the Latin a, and an audit log names people by such letters.
"""

import unicodedata

# The alphabets that have letters in common to look at. Other scripts are mixed in honest names.
_LIKE_LATIN = {"LATIN", "CYRILLIC", "GREEK"}
# Cyrillic and Greek letters, each with the Latin one that it looks like.
_TWINS = str.maketrans(
    "аеоросухіјѕһԁԛԝвкмнтьαενορτυικχω",  # noqa: RUF001 - they are what this is about
    "aeopocyxijshdqwbkmhtbaevoptuikxw",
)


def mixed_alphabets(name: str) -> list[str]:
    """Which of the alphabets that look alike a name has letters of, where these are several."""
    names = {unicodedata.name(letter, "?").split()[0] for letter in name if letter.isalpha()}
    return sorted(names & _LIKE_LATIN) if len(names & _LIKE_LATIN) > 1 else []


def skeleton(name: str) -> str:
    """What a name looks like: two names with one skeleton are hard to tell apart."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_TWINS)
