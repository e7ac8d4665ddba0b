class ManualClock:
    """A clock in seconds that stands still until a test sets `now`."""

    def __init__(self, now: float = 0.0):
        self.now = now

    def __call__(self) -> float:
        return self.now
