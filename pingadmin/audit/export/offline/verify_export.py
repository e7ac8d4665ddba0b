#!/usr/bin/env python3
"""Checks a JSONL export of pingadmin's audit log. Needs Python 3.8 or later and nothing else.

    python3 verify_export.py EXPORT.jsonl --public-key KEY

KEY is the panel's public key: 64 hex digits, or a file that holds one a line. Take the one that you noted
earlier or were given on another way: a key that came with the file vouches for nothing.

Exit status: 0 whole, 1 not whole, 2 could not be checked.
"""

import argparse
import hashlib
import hmac
import json
import re
import sys
from pathlib import Path

FORMAT = 1
GENESIS = "0" * 64
NAMES = (
    "schema_version seq event_id at story action phase result verified actor_kind actor_id actor_name actor_role "
    "source_address request_id alias session_id client reason ticket attempt batch upstream_status upstream_code "
    "shown detail snapshot_before snapshot_after key_id prev_hash"
)
FIELDS = {1: NAMES.split()}
ROW_PREFIX = b"pingadmin-audit-row:"
KEY_PREFIX = b"pingadmin-audit-key:"
CHECKPOINT_PREFIX = b"pingadmin-audit-checkpoint:"
LONGEST_LINE = 64 * 1024 * 1024
SHOWN = 20


class Unfit(Exception):
    """This cannot be checked at all."""


class Checker:
    """Takes the file line by line and keeps the row before, never the file."""

    def __init__(self, public_keys=(), secret_keys=()):
        self.public_keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in public_keys}
        self.secret_keys = {
            hashlib.sha256(KEY_PREFIX + key).hexdigest()[:8]: key for key in secret_keys
        }
        self.problems, self.manifest, self.signed = [], {}, {}
        self.rows = self.links = self.unlinked = self.macs = self.anchored = self.foreign = (
            self.faults
        ) = 0
        self.before, self.run, self.digest, self.is_vouched = None, 0, hashlib.sha256(), False

    def whole_file(self, file):
        number = 0
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            where = f"Line {number}"
            if not line.endswith(b"\n"):
                self.wrong(
                    f"{where} ends in the middle: the file was cut off, or its last line was damaged."
                )
            try:
                content, why = parsed(line), ""
            except ValueError as error:
                content, why = {}, safe(error)[:80]
            if number == 1:
                self.take_manifest(content)
            elif why:
                self.wrong(f"{where} is no event of an audit log ({why}).")
                self.before, self.run = None, 0
            else:
                self.take_row(content, where)
        if not number:
            raise Unfit("The file is empty.")
        self.compare_with_manifest()

    def take_manifest(self, manifest):
        if manifest.get("pingadmin_audit_export") != FORMAT:
            raise Unfit("Line 1 is no manifest of an export that this verifier knows.")
        self.manifest = manifest
        for checkpoint in self.listed("checkpoints"):
            self.take_checkpoint(checkpoint)

    def listed(self, name):
        found = self.manifest.get(name)
        return found if isinstance(found, list) else []

    def take_checkpoint(self, checkpoint):
        """Keeps what a signature vouches for: from then on that event must have that hash."""
        try:
            sealed = {
                name: value
                for name, value in checkpoint.items()
                if name not in ("mac", "signature")
            }
            name, key = (
                f"The checkpoint at #{sealed['seq']:d}",
                self.public_keys.get(sealed["public_key_id"]),
            )
            message, signature = (
                CHECKPOINT_PREFIX + canonical(sealed),
                bytes.fromhex(checkpoint["signature"]),
            )
            seq, row_hash = sealed["seq"], sealed["row_hash"]
        except (AttributeError, KeyError, TypeError, ValueError):
            self.wrong("A checkpoint in the manifest cannot be read: it was damaged.")
            return
        if key is None:
            self.foreign += 1
        elif not is_signed(key, message, signature):
            self.wrong(f"{name} has a bad signature: it was not made by the holder of the key.")
        elif self.signed.setdefault(seq, row_hash) != row_hash:
            self.wrong(f"{name} has a second one beside it that says otherwise.")

    def take_row(self, row, where):
        fault = self.fault_of(row)
        if fault:
            self.wrong(f"{where}: {fault}")
            self.before, self.run = row if is_number(row.get("seq")) else None, 0
            return
        self.rows += 1
        self.macs += row["key_id"] in self.secret_keys
        self.digest.update(row["row_hash"].encode() + b"\n")
        self.link(row, where)
        self.before, self.run = row, self.run + 1
        if row["seq"] in self.signed:
            self.anchored, self.run = self.anchored + self.run, 0

    def fault_of(self, row):
        """What is wrong with a row by itself, in words; '' where nothing is."""
        version = row.get("schema_version")
        if not is_number(version) or not all(
            isinstance(value, (str, int, type(None))) for value in row.values()
        ):
            return "this is no event of an audit log."
        if version > max(FIELDS):
            raise Unfit(f"Some events are of a newer form ({version}); get a newer verifier.")
        names = FIELDS[version]
        if set(row) != {*names, "row_hash", "mac"} or not is_number(row["seq"]):
            return "this event lacks a field, or has one that its hash does not cover."
        name = f"event #{row['seq']}"
        if (
            hashlib.sha256(canonical({field: row[field] for field in names})).hexdigest()
            != row["row_hash"]
        ):
            return f"{name} was edited: its hash does not match its content."
        if self.signed.get(row["seq"], row["row_hash"]) != row["row_hash"]:
            return f"{name} was rewritten: the checkpoint at #{row['seq']} vouches for another."
        if row["key_id"] in self.secret_keys:
            mac = hmac.new(
                self.secret_keys[row["key_id"]], ROW_PREFIX + row["row_hash"].encode(), "sha256"
            )
            if mac.hexdigest() != row["mac"]:
                return f"{name} has a bad MAC: it was not written by the panel that holds the key."
        return ""

    def link(self, row, where):
        """The row before counts only where it is the neighbour: a filter may have left out what stood between."""
        before, seq = self.before, row["seq"]
        if before and seq <= before["seq"]:
            self.wrong(
                f"{where}: event #{seq} stands after #{before['seq']}: lines were swapped or repeated."
            )
        if before and before["seq"] == seq - 1:
            expected = before.get("row_hash")
        else:
            expected, self.run = GENESIS if seq == 1 else self.signed.get(seq - 1), 0
        if expected is None:
            self.unlinked += 1
        elif row["prev_hash"] == expected:
            self.links += 1
        else:
            self.wrong(
                f"{where}: event #{seq} does not follow #{seq - 1} as it stands here: broken link."
            )

    def compare_with_manifest(self):
        """The export's own event was written into the log before the file; the manifest must say the same."""
        manifest, event = self.manifest, self.manifest.get("export")
        fault = self.fault_of(event) if isinstance(event, dict) else "it is missing."
        if fault:
            self.wrong(f"The manifest's own event: {fault}")
            return
        try:
            recorded = parsed(event["detail"].encode())
        except (AttributeError, ValueError):
            recorded = {}
        recorded.update(
            exported_by=event["actor_name"],
            exported_role=event["actor_role"],
            exported_at=event["at"],
        )
        for name in sorted(name for name in recorded if manifest.get(name) != recorded[name]):
            self.wrong(
                f"The manifest was edited: {safe(name)} is not what event #{event['seq']} records."
            )
        if event["action"] != "export" or not is_number(recorded.get("events"), least=0):
            self.wrong(f"The manifest's own event #{event['seq']} records no export.")
            return
        stated = recorded["events"]
        if self.rows < stated:
            self.wrong(f"{stated - self.rows:,} of {stated:,} events are missing or damaged.")
        elif self.rows > stated:
            self.wrong(f"{stated:,} events were exported, and the file holds {self.rows:,}.")
        elif self.digest.hexdigest() != recorded.get("digest"):
            self.wrong(f"These are not the events that export #{event['seq']} recorded.")
        self.is_vouched = event["key_id"] in self.secret_keys or self.leads_to_checkpoint(event)

    def leads_to_checkpoint(self, event):
        """Whether a checkpoint vouches for this event, or for one that follows it link by link."""
        for row in self.listed("between"):
            fault = self.fault_of(row) if isinstance(row, dict) else "no event"
            if fault or (row["seq"], row["prev_hash"]) != (event["seq"] + 1, event["row_hash"]):
                self.wrong(
                    "The manifest's events up to the checkpoint are not those that followed the export."
                )
                return False
            event = row
        return event["seq"] in self.signed

    def wrong(self, sentence):
        self.faults += 1
        self.problems += [sentence] if self.faults <= SHOWN else []

    def sentences(self):
        """The report, for people."""
        if self.problems:
            more = [f"And {self.faults - SHOWN:,} more."] if self.faults > SHOWN else []
            yield from [*self.problems, *more, "NOT WHOLE. Do not rely on this file."]
            return
        stated = {name: safe(value) for name, value in self.manifest.items()}
        number, asked = self.manifest["export"]["seq"], stated.get("filter") or "none"
        yield f"Export #{number} by {stated['exported_by']} at {stated['exported_at']}; filter: {asked}."
        yield f"WHOLE: {self.rows:,} events, each as its hash says, none added and none missing since the export."
        yield f"{self.links:,} links to the event before hold."
        if self.unlinked:
            yield f"{self.unlinked:,} links could not be checked: the filter left the event before out of this file."
        if self.secret_keys:
            yield f"{self.macs:,} of {self.rows:,} MACs were checked with the key that you gave, and are right."
        yield from self.proof()

    def proof(self):
        """Who stands for it: only a key that did not come with the file can say."""
        if not (self.public_keys or self.secret_keys):
            yield "NOT PROVEN who wrote it: run again with --public-key and the panel's public key as you noted it."
            yield f"The file itself names {safe(self.manifest.get('public_key'))}."
        elif self.is_vouched:
            yield "PROVEN: the panel's key vouches for this export, with all of its events."
        elif self.anchored:
            yield f"PROVEN: {self.anchored:,} of {self.rows:,} events; the others stand after a checkpoint, or apart."
        else:
            yield "NOT PROVEN: nothing that was made with a key that you gave vouches for this export."
        if self.foreign and self.public_keys:
            yield f"{self.foreign:,} checkpoints name other keys and were not checked."

    @property
    def status(self):
        """A key was given, and nothing could be checked with it: that is no success."""
        in_vain = (self.public_keys or self.secret_keys) and not (
            self.is_vouched or self.anchored or self.macs
        )
        return 1 if self.problems else 2 if in_vain else 0


def parsed(line):
    """One JSON object, read strictly. Raises ValueError."""
    try:
        content = STRICT.decode(line.decode("ascii"))
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(content, dict):
        raise ValueError("no JSON object")
    return content


def once_each(pairs):
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice")
    return content


def refused(text):
    raise ValueError("an event holds no such number")


STRICT = json.JSONDecoder(object_pairs_hook=once_each, parse_float=refused, parse_constant=refused)


def canonical(values):
    """Sorted keys, ASCII, no spaces: the bytes that were hashed or signed."""
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode(
        "ascii"
    )


def is_number(value, least=1):
    return type(value) is int and value >= least


def safe(text):
    return ascii(str(text))[1:-1]


# Ed25519 as in RFC 8032, section 5.1: points of the curve as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME


def is_signed(public_key, message, signature):
    """Whether `signature` (64 bytes) of `message` was made with the private half of `public_key` (32 bytes)."""
    holder, commitment = point_of(public_key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or holder is None or commitment is None or scalar >= ORDER:
        return False
    challenge = (
        int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little")
        % ORDER
    )
    (x1, y1, z1, _), (x2, y2, z2, _) = (
        times(scalar, BASE),
        plus(commitment, times(challenge, holder)),
    )
    return (x1 * z2 - x2 * z1) % PRIME == 0 and (y1 * z2 - y2 * z1) % PRIME == 0


def point_of(encoded):
    """The point whose y and sign of x these 32 bytes are; None where the curve has none."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


def plus(one, other):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, other
    a, b = (y1 - x1) * (y2 - x2) % PRIME, (y1 + x1) * (y2 + x2) % PRIME
    c, d = 2 * t1 * t2 * D % PRIME, 2 * z1 * z2 % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def times(factor, point):
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = plus(total, point)
        point, factor = plus(point, point), factor >> 1
    return total


BASE = point_of((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little"))


def public_keys_of(given):
    """The keys in an argument: hex digits, or the name of a file of them."""
    if Path(given).exists():
        given = Path(given).read_text("ascii", "replace")
    found = re.findall(r"\b[0-9a-fA-F]{64}\b", given)
    if not found:
        raise Unfit(f"{safe(given[:80])} holds no public key: that is 64 hex digits.")
    return [bytes.fromhex(key) for key in found]


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks a JSONL export of pingadmin's audit log.")
    parser.add_argument("export", help="the file that the panel gave")
    parser.add_argument(
        "--public-key", action="append", default=[], help="64 hex digits, or a file that holds them"
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        help="a file with the AUDIT_KEY, to check MACs as well",
    )
    options = parser.parse_args(arguments)
    try:
        public_keys = [key for given in options.public_key for key in public_keys_of(given)]
        checker = Checker(public_keys, [Path(path).read_bytes().strip() for path in options.key])
        with open(options.export, "rb") as file:
            checker.whole_file(file)
    except (Unfit, OSError) as error:
        print(f"NOT CHECKED: {safe(error)}")
        return 2
    for sentence in checker.sentences():
        print(sentence)
    return checker.status


if __name__ == "__main__":
    sys.exit(main())
