"""One page of entries, by number: entries appended meanwhile neither repeat nor hide one."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import BadRequest

from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.querysets import AuditEventQuerySet

SIZE = 50
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class EntryPage:
    """entries: newest first. newer, older: the number at which the next page begins, or None."""

    entries: list[AuditEntry]
    newer: int | None
    older: int | None


def load_page(heads: AuditEventQuerySet, parameters: Mapping[str, str]) -> EntryPage:
    """The page that `before` or `after` in the query string names, else the newest.

    Raises BadRequest where one of them is no number of an event.
    """
    before, after = parse_seq(parameters.get("before")), parse_seq(parameters.get("after"))
    if after is not None and before is None:
        return _page_after(heads, after)
    return _page_before(heads, before)


def parse_seq(text: str | None) -> int | None:
    """The number of an event in a query string, None for nothing.

    Raises BadRequest for anything else.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < _LARGEST):
        raise BadRequest("before, after, story and marked are numbers of audit events.")
    return int(text)


def _page_after(heads: AuditEventQuerySet, after: int) -> EntryPage:
    rows = list(heads.after(after).oldest_first()[: SIZE + 1])
    shown = rows[:SIZE][::-1]
    older = None
    if heads.filter(seq__lte=after).exists():
        older = shown[-1].seq if shown else after + 1
    return EntryPage(
        load_entries(shown), newer=shown[0].seq if len(rows) > SIZE else None, older=older
    )


def _page_before(heads: AuditEventQuerySet, before: int | None) -> EntryPage:
    older_heads = heads if before is None else heads.filter(seq__lt=before)
    rows = list(older_heads.newest_first()[: SIZE + 1])
    shown = rows[:SIZE]
    newer = None
    if before is not None and heads.filter(seq__gte=before).exists():
        newer = shown[0].seq if shown else before - 1
    return EntryPage(
        load_entries(shown), newer=newer, older=shown[-1].seq if len(rows) > SIZE else None
    )
