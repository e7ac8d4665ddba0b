"""Which part of a text is worth asking the index of three-character runs for.

Where every id begins with `ses_`, the index's lists for `ses` and `es_` name every row, and reading
those takes longer than all the rest. The rows that a rare part leads to are then compared whole.
"""

from collections import Counter
from time import monotonic

from django.db import connection

RUN = 3
# Of the newest rows so many are looked at, and a run is common that is in more than so many.
SAMPLED_ROWS = 500
COMMON_ROWS = 10
KEPT_SECONDS = 600
# A longer part leads to hardly fewer rows, and each of its runs is a list to be read.
MAX_CHARACTERS = 8

_common: dict[str, tuple[float, frozenset[str]]] = {}


def find_rare_part(table: str, key: str, columns: tuple[str, ...], text: str) -> str:
    """The end of the longest part of a text that holds no common run; the whole text if none does.

    table, key, columns: ours, the columns that share one index.
    """
    common = _common_runs(table, key, columns)
    if not common:
        return text
    best, begin = (0, 0), 0
    for index in range(len(text) - RUN + 1):
        if text[index : index + RUN].casefold() in common:
            begin = index + 1
        elif index + RUN - begin > best[1] - best[0]:
            best = begin, index + RUN
    part = text[best[0] : best[1]]
    return part[-MAX_CHARACTERS:] if part else text


def _common_runs(table: str, key: str, columns: tuple[str, ...]) -> frozenset[str]:
    """As of ten minutes ago at most: what all ids have in common changes seldom."""
    made_at, runs = _common.get(table, (float("-inf"), frozenset()))
    if monotonic() - made_at > KEPT_SECONDS:
        runs = _sample(table, key, columns)
        _common[table] = monotonic(), runs
    return runs


def _sample(table: str, key: str, columns: tuple[str, ...]) -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key} DESC LIMIT %s",  # noqa: S608
            [SAMPLED_ROWS],
        )
        rows = cursor.fetchall()
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update({run for text in row for run in _runs_of(text.casefold())})
    return frozenset(run for run, count in counts.items() if count > COMMON_ROWS)


def _runs_of(text: str) -> set[str]:
    return {text[index : index + RUN] for index in range(len(text) - RUN + 1)}
