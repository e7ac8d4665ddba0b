"""One event, one line of JSON: foreign text cannot start a second line or colour a terminal."""

import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter


class JSONLineFormatter(JsonFormatter):
    """Writes time, level, logger, message, the request's id and status, and what `extra` brought.

    The JSON is ASCII only, so control characters and line separators arrive escaped.
    """

    def __init__(self) -> None:
        super().__init__(
            ["name", "message"],
            rename_fields={"name": "logger", "exc_info": "exception"},
            # Django adds these two to a record; what is worth keeping of them is written below.
            reserved_attrs=[*RESERVED_ATTRS, "request", "status_code"],
            json_default=str,
        )

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        created = datetime.fromtimestamp(record.created, UTC)
        log_data["time"] = created.isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname.lower()
        super().add_fields(log_data, record, message_dict)
        request_id = getattr(getattr(record, "request", None), "request_id", None)
        status = getattr(record, "status_code", None)
        facts = {"request_id": request_id, "status": status}
        log_data.update({name: value for name, value in facts.items() if value is not None})


class ClientErrorFilter(logging.Filter):
    """Drops the traceback of what a client did wrong: it would tell us nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR and record.name.startswith("django."):
            record.exc_info = None
        return True
