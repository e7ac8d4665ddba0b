"""Marks the tests by what they need, so that they can be chosen, and shared parts started once."""

import pytest
from _pytest.nodeid import NodeId

# Each kind shares what is dear to start: the browser, the cluster, the servers. The first that fits
# counts.
KINDS = {
    "browser": {"browser", "new_page", "page", "support_page"},
    "postgres": {"postgres", "panel_on_postgres"},
    "process": {"process", "shared_panel", "furnished_file"},
}
SERVERS = set().union(*KINDS.values(), {"simulator_process", "raw_server"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a server, and run each kind one after another in one xdist worker."""
    has_xdist = config.pluginmanager.hasplugin("xdist")
    is_grouped = getattr(config.option, "loadgroup", False)
    for item in items:
        parts = {mark.name for mark in item.iter_markers()} | set(item.fixturenames)
        if parts & SERVERS:
            item.add_marker(pytest.mark.server)
        if parts & {"db", "django_db"}:
            item.add_marker(pytest.mark.database)
        kind = next((kind for kind, names in KINDS.items() if names & parts), None)
        if kind and has_xdist:
            item.add_marker(pytest.mark.xdist_group(kind))
            if is_grouped:
                # pytest-xdist 3.8 writes the group into a name that pytest 9.2 no longer reads.
                item._id = NodeId.parse(f"{item.nodeid}@{kind}")
    # What takes longest begins first, so that no worker is left alone with it at the end.
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
