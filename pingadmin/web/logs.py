"""One event, one line of JSON: what foreign text holds cannot begin a second line or colour a terminal."""

import json
import logging
from datetime import UTC, datetime

STANDARD = set(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "request",
    "taskName",
    "status_code",
}


class JSONLines(logging.Formatter):
    """Writes time, level, logger, message, the request's id, and what `extra` brought; ASCII only."""

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(request, "request_id", None),
            "status": getattr(record, "status_code", None),
        }
        line |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(
            {name: value for name, value in line.items() if value is not None}, default=str
        )


class QuietClients(logging.Filter):
    """What a client did wrong is one short line: its traceback would tell us nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR and record.name.startswith("django."):
            record.exc_info = None
        return True
