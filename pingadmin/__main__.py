"""Runs pingadmin's commands: `pingadmin help` lists them; `manage.py` is the same in a checkout."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that the arguments of this process name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingadmin.settings")
    if sys.argv[1:2] in (["demo"], ["simulate"]):
        # These two must work where nothing is set: they fill the environment before settings load.
        from pingadmin.demo.environment import fill

        fill(os.environ, sys.argv[1:])
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
