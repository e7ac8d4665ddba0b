import pytest

from pingadmin.upstream import transport


@pytest.fixture(autouse=True)
def no_pause_before_a_second_try(monkeypatch):
    monkeypatch.setattr(transport, "JITTER_SECONDS", (0.001, 0.01))
