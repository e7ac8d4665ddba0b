#!/usr/bin/env python
"""Run pingadmin's commands: `python manage.py help` lists them."""

from pingadmin.__main__ import main

if __name__ == "__main__":
    main()
