"""A soak: a real panel, people, and everything that goes wrong, for as long as one likes."""
