"""Tests with heavy real parts run one after another in one xdist worker, beside the many light ones."""

import pytest

HEAVY = {"shared_panel", "new_panel", "panel_on_postgres", "postgres", "browser", "redis_url"}
HEAVY_MARKS = {"browser", "process", "postgres", "redis"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if HEAVY & set(item.fixturenames) or HEAVY_MARKS & marks:
            item.add_marker(pytest.mark.xdist_group("heavy"))
