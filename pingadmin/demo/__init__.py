"""Pretends to be both upstream systems, in a process of its own, and knows nothing of the panel.

`python -m pingadmin.demo` runs the simulator without Django. Only the two management commands know
Django.
"""
