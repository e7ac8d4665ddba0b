import pytest


@pytest.fixture(autouse=True)
def accounts(db, simulated_upstreams):
    """Both accounts are configured, and their systems simulated."""
    return simulated_upstreams
