"""Stories as CSV, one a line, as the page lists them. For a spreadsheet, so no cell may begin a formula."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator

from pingadmin.audit.chain import canonical
from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.entries.stored_json import upstream_message
from pingadmin.audit.export.exports import Export
from pingadmin.audit.models import AuditEvent

_NAMES = (
    "seq at actor_name actor_role action alias session_id client reason ticket ending result verified closed_by "
    "upstream_status upstream_code message last_at events source_address request_id attempt batch row_hash "
    "line lines export"
)
COLUMNS = _NAMES.split()

_FORMULA = "=+-@\u2212"
_HIDDEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}  # spaces, controls, invisible marks
_NEXT_CELL = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")


def lines(export: Export) -> Iterator[bytes]:
    """The file in pieces: the columns' names, then chunks of stories. Two queries a chunk."""
    yield encoded([COLUMNS])
    source, line = _source(export), 0
    for chunk in export.chunks():
        rows = []
        for entry in load_entries(AuditEvent.objects.filter(seq__in=chunk).order_by("seq")):
            line += 1
            known = AuditEntry([event for event in entry.events if event.seq < export.event.seq])
            rows.append([*_cells(known), line, len(export.seqs), source])
        yield encoded(rows)


def encoded(rows) -> bytes:
    """Lines of cells, each made harmless and quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        map(harmless, row) for row in rows
    )
    return text.getvalue().encode()


def harmless(value) -> str:
    """The cell's text; `'` stands before what a spreadsheet would run, also where it splits cells at `;`."""
    text = "" if value is None else str(value)
    shown = next((char for char in text if unicodedata.category(char) not in _HIDDEN), "")
    begins_formula = unicodedata.normalize("NFKC", shown)[:1] in tuple(_FORMULA)
    if begins_formula or text[:1] in ("\t", "\r", "\n"):
        text = f"'{text}"
    return _NEXT_CELL.sub(r"\1'", text)


def _cells(entry: AuditEntry) -> list:
    head, last = entry.head, entry.events[-1]
    answer = next((event for event in reversed(entry.events) if event.phase == "outcome"), None)
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
        {True: "true", False: "false"}.get(entry.is_verified, ""),
        entry.closed_by,
        answer and answer.upstream_status,
        answer and answer.upstream_code,
        answer and upstream_message(answer),
        canonical.format_time(last.at),
        len(entry.events),
        head.source_address,
        head.request_id,
        head.attempt,
        head.batch,
        head.row_hash,
    ]


def _source(export: Export) -> str:
    """Where a line comes from, on each line: it stays with rows that are sorted, cut and pasted elsewhere."""
    event, asked = export.event, export.audit_filter.cleaned_data
    span = " ".join(
        f"{name} {canonical.format_time(asked[name])}" for name in ("since", "until") if asked[name]
    )
    asked_for = ", ".join(
        part for part in (export.audit_filter.urlencode() or "no filter", span) if part
    )
    return f"export #{event.seq} by {event.actor_name} at {canonical.format_time(event.at)}: {asked_for}"
