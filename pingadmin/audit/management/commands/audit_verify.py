"""Verifies the whole audit log: exit status 0 where it is intact, 1 where it is not, 2 where it
holds no event, or is not the log that was asked for.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import (
    checkpoints,
    log_identity,
    references,
    verification,
    verification_runs,
)
from pingadmin.audit.integrity.checkpoints import CheckpointSet
from pingadmin.audit.integrity.completeness import check_completeness
from pingadmin.audit.integrity.verification import Verification
from pingadmin.audit.record import guards
from pingadmin.audit.record.actors import Actor


class Command(BaseCommand):
    help = "Re-read and re-hash the audit log, and name the first bad event and its fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoints", type=Path, metavar="FILE", help="also a copy from elsewhere"
        )
        parser.add_argument("--log", metavar="ID", help="the id that this log must have")
        parser.add_argument("--json", action="store_true", help="the result as JSON on stdout")
        parser.add_argument(
            "--no-event", action="store_true", help="write nothing, for a copy of the database"
        )

    def handle(self, **options: Any) -> None:
        started_at, clock = timezone.now(), time.monotonic()
        copy: Path | None = options["checkpoints"]
        if copy and not copy.is_file():
            raise CommandError(f"There is no file {copy}.")
        loaded = checkpoints.load_all(copy=copy)
        verified = verification.verify(loaded.anchors(), self._report_progress)
        result = _result(verified, loaded)
        # An event of this verification would make a log out of nothing.
        if not options["no_event"] and verified.seq:
            verification_runs.record(
                verified, loaded.faults, by=Actor.system("audit_verify"), started_at=started_at
            )
        result["seconds"] = round(time.monotonic() - clock, 1)
        self.stdout.write(json.dumps(result, indent=2) if options["json"] else _as_text(result))
        if result["faults"]:
            sys.exit(1)
        if not result["whole"]:
            sys.exit(2)
        if options["log"] and options["log"] != result["log"]["id"]:
            self.stderr.write(f"This is not the log {options['log']}.")
            sys.exit(2)

    def _report_progress(self, seq: int) -> None:
        self.stderr.write(f"{seq:,} events are good so far")


def _result(verified: Verification, loaded: CheckpointSet) -> dict[str, Any]:
    """What --json prints. Scripts read these keys."""
    faults = verified.faults + loaded.faults + references.find_faults()
    identity = log_identity.identify_log()
    return {
        "whole": not faults and verified.seq > 0,
        "log": identity.as_dict() if identity else None,
        "checked_up_to": verified.seq,
        "head": verified.last_hash,
        "anchored_up_to": verified.anchored.seq if verified.anchored else 0,
        "anchored_at": verified.anchored.at if verified.anchored else None,
        "given_up": [checkpoint.seq for checkpoint in loaded.given_up],
        "faults": [fault.as_dict() for fault in faults],
        "completeness": [finding.as_dict() for finding in check_completeness()],
        "guards": guards.missing_sentence(),
        "public_key": keys.public_key(),
    }


def _as_text(result: dict[str, Any]) -> str:
    seq, anchored = result["checked_up_to"], result["anchored_up_to"]
    if result["whole"]:
        lines = [f"Intact: {seq:,} events."]
    elif result["faults"]:
        lines = ["NOT INTACT."]
    else:
        lines = ["NOTHING TO VOUCH FOR: the log holds no event, and nothing here says that it did."]
    if log := result["log"]:
        lines.append(f"This is the log {log['id']}, which began at {log['born_at']}.")
    lines += [fault["sentence"] for fault in result["faults"]]
    if not result["whole"] and seq:
        lines.append(f"Every event up to #{seq} is good.")
    if anchored:
        lines.append(f"Anchored up to #{anchored} by the checkpoint of {result['anchored_at']}.")
    if seq > anchored:
        lines.append(
            f"Events #{anchored + 1} to #{seq} rest on this server: "
            "no checkpoint vouches for them yet."
        )
    if result["given_up"]:
        number = len(result["given_up"])
        lines.append(f"Checkpoints that were given up when a restored log was accepted: {number}.")
    if result["guards"]:
        lines.append(f"Warning: {result['guards']}.")
    for finding in result["completeness"]:
        heads = ", ".join(f"#{seq}" for seq in finding["stories"])
        lines.append(f"{finding['sentence']}: {finding['count']} ({heads}).")
    return "\n".join(lines)
