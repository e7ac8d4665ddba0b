"""Tests with heavy real parts run one after another within their kind, each kind in one xdist worker."""

import pytest

# Each kind shares what is dear to start: the browser, the cluster, the servers. The first that fits counts.
KINDS = {
    "browser": {"browser", "new_page", "page", "support_page"},
    "postgres": {"postgres", "panel_on_postgres"},
    "process": {"process", "shared_panel", "new_panel", "redis", "redis_url"},
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    if not config.pluginmanager.hasplugin("xdist"):
        return
    # What takes longest begins first, so that no worker is left alone with it at the end.
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    for item in items:
        parts = {mark.name for mark in item.iter_markers()} | set(item.fixturenames)
        kind = next((kind for kind, names in KINDS.items() if names & parts), None)
        if kind and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(kind))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
