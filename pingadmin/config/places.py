"""Where files are: those that come with the code, and those that the panel makes itself.

In a checkout both are beside `manage.py`. Installed from a wheel, what comes with the code is
inside the package, and what is made is in a directory of the user's own, never among packages.
"""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_CHECKOUT = _PACKAGE.parent
IS_INSTALLED = not (_CHECKOUT / "manage.py").is_file()


def _made_files() -> Path:
    """systemd's StateDirectory, else where the user's programs keep what they need again."""
    if directory := os.environ.get("STATE_DIRECTORY", ""):
        return Path(directory.partition(":")[0])
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state else Path.home() / ".local" / "state") / "pingadmin"


# Holds `templates` and `static`.
FILES = _PACKAGE if IS_INSTALLED else _CHECKOUT
# Holds the SQLite database, DATA_DIR and STATIC_ROOT, where settings name no other place.
MADE = _made_files() if IS_INSTALLED else _CHECKOUT
