"""Runs coroutines from tests that are not async themselves."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_coroutine(start: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What `start()` gives once awaited, in a thread of its own.

    The browser that a worker lends to its tests leaves an event loop running in the main thread.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(start())).result()
