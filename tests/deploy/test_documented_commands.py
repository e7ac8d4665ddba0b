"""The commands under "With pip" in docs/operating.md, read out of it and run."""

import pytest

from tests.deploy import containerfile
from tests.support.people import PASSWORD
from tests.support.processes import CHECKOUT, clean_environment, free_port, until

pytestmark = pytest.mark.process


def commands() -> list[str]:
    text = (CHECKOUT / "docs/operating.md").read_text()
    section = text.partition("### With pip\n")[2].partition("\n### ")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def test_the_commands_that_set_it_up_work_as_they_are_written(machine):
    said = commands()
    # The machine was made with these two.
    assert said[:2] == containerfile.values("RUN")[:2]
    *prepare, serve, collect = said[2:]
    env = clean_environment(
        HOME="/var/lib/pingadmin",
        STATE_DIRECTORY="/var/lib/pingadmin",
        PINGADMIN_NEW_PASSWORD=PASSWORD,
        PYTHONDONTWRITEBYTECODE="1",
        TMPDIR="/mnt",
    )
    done = machine.run("sh", "-ec", "\n".join(prepare), env=env)
    assert "The database is prepared." in done.stdout
    exports = [line for line in prepare if line.startswith("export ")]
    for command in (serve.replace("8000", str(free_port())), collect):
        assert command.startswith("/opt/pingadmin/bin/pingadmin ")
        script = "\n".join([*exports, f"exec {command}"])
        process = machine.start("sh", "-ec", script, env=env)
        if " serve " in command:
            process.await_line("Serving at")
        else:
            assert until(machine.beats), process.output
        assert process.end() == 0, process.output
