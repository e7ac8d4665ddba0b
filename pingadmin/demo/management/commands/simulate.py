from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pingadmin.demo import __main__ as simulator


class Command(BaseCommand):
    help = "Pretend to be both upstream systems, on one loopback port."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        simulator.add_arguments(parser)

    def handle(
        self,
        *args: object,
        port: int,
        faults: str,
        heartbeat: float,
        world: Path | None,
        **options: object,
    ) -> None:
        try:
            simulator.run(port=port, faults=faults, heartbeat=heartbeat, world=world)
        except ValueError as error:
            raise CommandError(error) from error
