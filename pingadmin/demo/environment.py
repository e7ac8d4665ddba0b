"""The environment of a private demo: loopback only, fresh secrets, files of its own, upstreams that
are simulated.

It speaks to nobody; it fills os.environ before Django reads its settings. Nothing that a real
deployment has set may leak in: the demo must never meet a real upstream, database or key.
"""

import secrets
import socket
from collections.abc import MutableMapping
from pathlib import Path

from pingadmin.config import places
from pingadmin.demo import cast

INHERITED = {
    "ANSWER_ROLES",
    "CANCEL_ROLES",
    "DEMO_DIRECTORY",
    "DJANGO_SETTINGS_MODULE",
    "HOME",
    "HOSTILE",
    "LANG",
    "LC_ALL",
    "NOTIFY_URL",
    "PANEL_URL",
    "PATH",
    "PAUSE_ROLES",
    "PORT",
    "TERM",
    "TMPDIR",
    "VIRTUAL_ENV",
}


def fill(environ: MutableMapping[str, str], arguments: list[str]) -> None:
    """Leave in `environ` what a process needs to run at all, and the demo's own settings."""
    for name in set(environ) - INHERITED:
        if not name.startswith("PYTHON"):
            del environ[name]
    directory = Path(environ.get("DEMO_DIRECTORY") or places.MADE / ".demo").absolute()
    simulator = f"http://127.0.0.1:{free_port()}"
    environ.update(
        {
            "ALLOW_HTTP": "true",
            "DEMO": "true",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "AUDIT_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": f"sqlite:///{directory}/pingadmin.sqlite3",
            "LOG_LEVEL": "WARNING",
            "DATA_DIR": str(directory),
            "PING_BASE_URL": f"{simulator}/customer/v2",
            "PING_API_KEY": cast.PING_KEY,
            "PING_ID_PATTERN": "ses_[0-9a-f]{10}",
            "AGI_BASE_URL": f"{simulator}/v1",
            "AGI_API_KEY": cast.AGI_KEY,
            "TICKET_URL": "https://tickets.example/browse/{ticket}",
            "CLIENT_URL": "https://crm.example/{account}/customers/{client}",
        }
    )
    if "--reload" in arguments:
        environ["DEBUG"] = "true"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
