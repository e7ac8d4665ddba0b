"""What AGI's answer to "messages" says: text of agents and their users, hostile like all of it."""

import json
from typing import Any

from pingadmin.http.response import Response
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import Conversation, ConversationMessage
from pingadmin.upstream.response_reading import (
    MAX_INTEGER,
    MAX_STATE_LENGTH,
    clean_lines,
    clean_text,
    parse_time,
    require_text,
)

MAX_TEXT_LENGTH = 10_000
MAX_KIND_LENGTH = 64
# What a message counts beside its text, so that very many empty ones have a limit too.
BYTES_BESIDE_TEXT = 200


def read_conversation(body: dict[str, Any], response: Response, *, max_bytes: int) -> Conversation:
    """The conversation in a response of status 200. Raises UpstreamError.

    An entry that cannot be read does not hide the others: it is counted instead. max_bytes: of the
    newest messages, which are kept.
    """
    entries = body.get("messages")
    if not isinstance(entries, list):
        raise UpstreamError.for_content("unrecognised", response)
    # Of two entries with one id the later one is kept.
    readable = {entry["id"]: entry for entry in entries if _is_message(entry)}
    kept: list[ConversationMessage] = []
    for message_id in sorted(readable, reverse=True):
        message = _read_message(readable[message_id], response)
        max_bytes -= len(message.text.encode()) + BYTES_BESIDE_TEXT
        if max_bytes < 0 and kept:
            break
        kept.append(message)
    has_agent = body.get("has_agent")
    return Conversation(
        execution_state=require_text(response, body.get("status"), MAX_STATE_LENGTH),
        messages=tuple(reversed(kept)),
        answered_at=response.answered_at,
        was_cut=len(kept) < len(readable),
        unreadable=sum(not _is_message(entry) for entry in entries),
        has_agent=has_agent if isinstance(has_agent, bool) else None,
    )


def _is_message(entry: object) -> bool:
    """Whether an entry has an id, a type and content, each of a documented type."""
    return (
        isinstance(entry, dict)
        # Not isinstance: true is an int in Python.
        and type(entry.get("id")) is int
        and 0 <= entry["id"] <= MAX_INTEGER
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("content"), str | dict | list)
    )


def _read_message(entry: dict[str, Any], response: Response) -> ConversationMessage:
    content = entry["content"]
    try:
        sent_at = parse_time(response, entry.get("timestamp"))
    except UpstreamError:
        # What was said counts without its time.
        sent_at = None
    return ConversationMessage(
        id=entry["id"],
        kind=clean_text(entry["type"], MAX_KIND_LENGTH),
        text=clean_lines(
            content if isinstance(content, str) else _as_json(content), MAX_TEXT_LENGTH
        ),
        sent_at=sent_at,
        is_growing=entry.get("growing") is True,
    )


def _as_json(content: Any) -> str:
    try:
        return json.dumps(content, ensure_ascii=False, separators=(", ", ": "))
    except RecursionError:
        return "(nested too deeply to be shown)"
