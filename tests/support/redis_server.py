"""Fixture: a Redis of our own on a free loopback port, with nothing on disk."""

import shutil

import pytest

from tests.support.processes import Process, clean_environment, free_port
from tests.support.required_parts import need


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    binary = shutil.which("redis-server")
    need("redis", binary, "no redis-server on this machine; apt-get install redis-server")
    directory, port = tmp_path_factory.mktemp("redis"), free_port()
    options = [
        "--port",
        port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        directory,
    ]
    process = Process(binary, *options, env=clean_environment(), log=directory / "redis.log")
    process.await_line("Ready to accept connections")
    yield f"redis://127.0.0.1:{port}/0"
    process.end()
