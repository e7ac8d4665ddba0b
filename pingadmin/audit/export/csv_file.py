"""Entries as CSV, one a line, as the page lists them.

In a spreadsheet no cell begins a formula, and no text turns into a number or a date.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator

from pingadmin.audit.chain import canonical
from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.entries.stored_json import upstream_message
from pingadmin.audit.export.exports import Export
from pingadmin.audit.models import AuditEvent

Cell = str | int | None

_COLUMN_NAMES = (
    "seq at actor_name actor_role action alias session_id client reason ticket "
    "ending result verified closed_by upstream_status upstream_code message last_at events "
    "source_address request_id attempt batch row_hash line lines export"
)
COLUMNS = _COLUMN_NAMES.split()

_FORMULA_STARTS = ("=", "+", "-", "@", "\u2212")
# What tells a spreadsheet that the text is UTF-8.
BOM = b"\xef\xbb\xbf"
# Text that is read as a number, a date or a time of day; an address of four numbers is not.
_MONTH = (
    "(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?"
    "|nov(ember)?|dec(ember)?)"
)
_CONVERTED = re.compile(
    rf"\s*(?!\d+(\.\d+){{3}}$)({_MONTH}[ .-]?)?[.,]?\d[\d.,:/ -]*"
    rf"(e[+-]?\d+)?\s*(%|[ap]m?|{_MONTH}[\d .-]*)?\s*",
    re.IGNORECASE | re.ASCII,
)
# Spaces, controls and invisible marks, which a spreadsheet skips before a formula.
_SKIPPED_CATEGORIES = {"Zs", "Zl", "Zp", "Cc", "Cf"}
# Some spreadsheets begin a new cell at `;`.
_FORMULA_AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")


def stream_csv(export: Export) -> Iterator[bytes]:
    """The file in pieces: the names of the columns, then chunks of entries. Two queries a chunk."""
    yield BOM + encode_rows([COLUMNS])
    source, line_number = _describe_export(export), 0
    for chunk in export.chunks():
        rows: list[list[Cell]] = []
        for entry in load_entries(AuditEvent.objects.filter(seq__in=chunk).oldest_first()):
            line_number += 1
            # Events that came after the export began are not in it.
            events = [event for event in entry.events if event.seq < export.event.seq]
            cells = _entry_cells(AuditEntry(events))
            rows.append([*cells, line_number, len(export.seqs), source])
        yield encode_rows(rows)


def encode_rows(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Lines of CSV in UTF-8, each cell quoted and made harmless."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows(map(escape_cell, row) for row in rows)
    return text.getvalue().encode()


def escape_cell(value: Cell) -> str:
    """The cell's text, with `'` before anything that a spreadsheet would run or convert."""
    text = "" if value is None else str(value)
    if isinstance(value, str) and _CONVERTED.fullmatch(unicodedata.normalize("NFKC", text)):
        return f"'{text}"
    visible = (char for char in text if unicodedata.category(char) not in _SKIPPED_CATEGORIES)
    first = unicodedata.normalize("NFKC", next(visible, ""))[:1]
    if first in _FORMULA_STARTS or text[:1] in ("\t", "\r", "\n"):
        text = f"'{text}"
    return _FORMULA_AFTER_SEMICOLON.sub(r"\1'", text)


def _entry_cells(entry: AuditEntry) -> list[Cell]:
    """In the order of COLUMNS, up to row_hash."""
    head, last = entry.head, entry.events[-1]
    return [
        head.seq,
        canonical.format_time(head.at),
        head.actor_name,
        head.actor_role,
        head.action,
        head.alias,
        head.session_id,
        head.client,
        head.reason,
        head.ticket,
        entry.result_label,
        entry.result,
        "" if entry.is_verified is None else str(entry.is_verified).lower(),
        entry.resolved_by,
        *_outcome_cells(entry),
        canonical.format_time(last.at),
        len(entry.events),
        head.source_address,
        head.request_id,
        head.attempt,
        head.batch,
        head.row_hash,
    ]


def _outcome_cells(entry: AuditEntry) -> list[Cell]:
    """The upstream's own status, code and message; empty where there is no outcome."""
    outcomes = [event for event in entry.events if event.phase == AuditEvent.Phase.OUTCOME]
    if not outcomes:
        return [None, None, None]
    outcome = outcomes[-1]
    return [outcome.upstream_status, outcome.upstream_code, upstream_message(outcome)]


def _describe_export(export: Export) -> str:
    """Which export a line comes from; on each line, so that lines pasted elsewhere still say it."""
    event, cleaned = export.event, export.audit_filter.cleaned_data
    span = " ".join(
        f"{name} {canonical.format_time(cleaned[name])}"
        for name in ("since", "until")
        if cleaned[name]
    )
    matched = ", ".join(filter(None, (export.audit_filter.urlencode() or "no filter", span)))
    exported_at = canonical.format_time(event.at)
    return f"export #{event.seq} by {event.actor_name} at {exported_at}: {matched}"
