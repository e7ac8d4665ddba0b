"""Checks the whole audit log: exit code 0 where it is whole, 1 where it is not."""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import checkpoints, completeness, verification, verification_runs
from pingadmin.audit.record.actors import Actor


class Command(BaseCommand):
    help = "Re-read and re-hash the audit log, and name the first bad event and how it is bad."

    def add_arguments(self, parser):
        parser.add_argument(
            "--checkpoints", type=Path, metavar="FILE", help="also a copy that was kept elsewhere"
        )
        parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")
        parser.add_argument(
            "--no-event", action="store_true", help="write nothing, for a copy of the database"
        )

    def handle(self, **options):
        started_at, clock = timezone.now(), time.monotonic()
        if options["checkpoints"] and not options["checkpoints"].is_file():
            raise CommandError(f"There is no file {options['checkpoints']}.")
        kept = checkpoints.kept(copy=options["checkpoints"])
        walk = verification.verify(kept.anchors(), self._progress)
        found = [walk.fault] * bool(walk.fault) + kept.faults
        stories = completeness.report()
        if not options["no_event"]:
            verification_runs.record(
                walk, kept.faults, by=Actor.system("audit_verify"), started_at=started_at
            )
        result = {
            "whole": not found,
            "checked_up_to": walk.seq,
            "head": walk.head,
            "anchored_up_to": walk.anchored.seq if walk.anchored else 0,
            "anchored_at": walk.anchored.at if walk.anchored else None,
            "given_up": [one.seq for one in kept.given_up],
            "faults": [asdict(one) for one in found],
            "completeness": [asdict(one) for one in stories],
            "public_key": keys.public_key(),
            "seconds": round(time.monotonic() - clock, 1),
        }
        self.stdout.write(json.dumps(result, indent=2) if options["json"] else _in_words(result))
        if found:
            sys.exit(1)

    def _progress(self, seq: int) -> None:
        self.stderr.write(f"{seq:,} events are good so far")


def _in_words(result: dict) -> str:
    seq, anchored = result["checked_up_to"], result["anchored_up_to"]
    lines = [f"Whole: {seq:,} events." if result["whole"] else "NOT WHOLE."]
    lines += [fault["sentence"] for fault in result["faults"]]
    if not result["whole"] and seq:
        lines.append(f"Every event up to #{seq} is good.")
    if anchored:
        lines.append(f"Anchored up to #{anchored} by the checkpoint of {result['anchored_at']}.")
    if seq > anchored:
        lines.append(
            f"Events #{anchored + 1} to #{seq} rest on this server: no checkpoint vouches for them yet."
        )
    if result["given_up"]:
        lines.append(
            f"Checkpoints that were given up when a restored log was accepted: {len(result['given_up'])}."
        )
    for finding in result["completeness"]:
        numbers = ", ".join(f"#{number}" for number in finding["stories"])
        lines.append(f"{finding['sentence']}: {finding['count']} ({numbers}).")
    return "\n".join(lines)
