"""One page of stories by key: rows that are appended meanwhile neither repeat nor hide one."""

from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.db.models import QuerySet

from pingadmin.audit.entries import entries

SIZE = 50
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """Stories newest first; newer and older: the seq to ask after or before for the next page, or None."""

    entries: list[entries.Story]
    newer: int | None
    older: int | None


def page_of(heads: QuerySet, parameters) -> Page:
    """The page that `before` or `after` in the query string names, else the newest.

    Raises BadRequest where one of them is no seq.
    """
    before, after = seq_of(parameters.get("before")), seq_of(parameters.get("after"))
    if after is not None and before is None:
        rows = list(heads.filter(seq__gt=after).order_by("seq")[: SIZE + 1])
        shown, more_newer = rows[:SIZE][::-1], len(rows) > SIZE
        more_older = heads.filter(seq__lte=after).exists()
    else:
        rows = list(
            (heads if before is None else heads.filter(seq__lt=before)).order_by("-seq")[: SIZE + 1]
        )
        shown, more_older = rows[:SIZE], len(rows) > SIZE
        more_newer = before is not None and heads.filter(seq__gte=before).exists()
    return Page(
        entries=entries.of(shown),
        newer=(shown[0].seq if shown else before - 1) if more_newer else None,
        older=(shown[-1].seq if shown else after + 1) if more_older else None,
    )


def seq_of(text: str | None) -> int | None:
    """The number of an event as a query string writes it, None for nothing. Raises BadRequest for what is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < _LARGEST):
        raise BadRequest("before, after, story and marked are numbers of audit events.")
    return int(text)
