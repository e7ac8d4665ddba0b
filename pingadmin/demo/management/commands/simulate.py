from django.core.management.base import BaseCommand, CommandError

from pingadmin.demo import __main__ as simulator


class Command(BaseCommand):
    help = "Pretend to be both upstream systems, on one loopback port."
    requires_system_checks = []

    def add_arguments(self, parser):
        simulator.add_arguments(parser)

    def handle(self, *, port, faults, heartbeat, **options):
        try:
            simulator.run(port=port, faults=faults, heartbeat=heartbeat)
        except ValueError as error:
            raise CommandError(error) from error
