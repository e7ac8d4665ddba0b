"""`python -m pingadmin.demo --port N [--faults NAME-OR-JSON]`: the simulator, without Django."""

import argparse
import contextlib
import json
import math
import signal
import sys
from pathlib import Path

from pingadmin.demo.simulator.faults import HANDLERS, SCENARIOS
from pingadmin.demo.simulator.server import Simulator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=8001, help="0 takes a free one; the address is printed"
    )
    parser.add_argument(
        "--faults", default="", help=f"{', '.join(SCENARIOS)}, or a JSON list of faults"
    )
    parser.add_argument("--world", type=Path, help="a file with the sessions to begin with")
    parser.add_argument("--heartbeat", type=float, default=5.0, help="seconds between heartbeats")


def run(*, port: int, faults: str, heartbeat: float, world: Path | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; prints the address once it listens.

    Raises ValueError with a sentence that says what to do when an argument cannot be used.
    """
    with _simulator(port, faults, heartbeat) as simulator:
        if world:
            _load(simulator, world)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(
            f"Simulating Ping at {simulator.url}/customer/v2 and AGI at {simulator.url}/v1",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            simulator.serve_forever(poll_interval=0.1)


def _simulator(port: int, faults: str, heartbeat: float) -> Simulator:
    if not 0 < heartbeat < math.inf:
        raise ValueError("--heartbeat must be more than 0. Give a number of seconds.")
    try:
        specs = SCENARIOS.get(faults) or json.loads(faults or "[]")
        if not isinstance(specs, list):
            raise TypeError("a list is wanted")
        return Simulator(port, faults=specs, heartbeat_seconds=heartbeat)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", error)
        raise ValueError(
            f"Port {port} cannot be used ({reason}). Name a free one with --port, or 0."
        ) from error
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"--faults is {faults!r}. Give one of {', '.join(SCENARIOS)}, or a JSON list such as "
            f'[{{"fault": "close"}}] of these: {", ".join(HANDLERS)}.'
        ) from error


def _load(simulator: Simulator, path: Path) -> None:
    try:
        simulator.world.load(path)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"--world {path} holds no sessions ({error}). Name a file that a demo has saved."
        ) from error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    add_arguments(parser)
    try:
        run(**vars(parser.parse_args()))
    except ValueError as error:
        sys.exit(str(error))
