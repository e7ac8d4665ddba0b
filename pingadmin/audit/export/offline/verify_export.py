#!/usr/bin/env python3
"""Checks a JSONL export of pingadmin's audit log. Needs Python 3.8 or later and nothing else.

    python3 verify_export.py EXPORT.jsonl --public-key KEY

KEY is the panel's public key: 64 hex digits, or a file that holds one a line. Take the one that you
noted earlier or were given in another way: a key that came with the file vouches for nothing.
With --log ID it must be of the log that you noted: panels may share a key.

Exit status: 0 whole, 1 not whole, 2 could not be checked.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

FORMAT = 1
GENESIS = "0" * 64
FIELD_NAMES = (
    "schema_version seq event_id at story action phase result verified "
    "actor_kind actor_id actor_name actor_role source_address request_id "
    "alias session_id client reason ticket attempt batch "
    "upstream_status upstream_code shown detail snapshot_before snapshot_after key_id prev_hash"
)
FIELDS = {1: FIELD_NAMES.split()}
ROW_PREFIX = b"pingadmin-audit-row:"
KEY_PREFIX = b"pingadmin-audit-key:"
CHECKPOINT_PREFIX = b"pingadmin-audit-checkpoint:"
EXPORT_PREFIX = b"pingadmin-audit-export:"
MAX_LINE_BYTES = 64 * 1024 * 1024
MAX_SENTENCES = 20


class CannotCheck(Exception):
    """The file cannot be checked at all; the text says why."""


class ExportChecker:
    """Reads the export line by line and holds one event at a time, never the whole file."""

    def __init__(self, public_keys: Iterable[bytes] = (), audit_keys: Iterable[bytes] = ()) -> None:
        self.public_keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in public_keys}
        self.audit_keys = {
            hashlib.sha256(KEY_PREFIX + key).hexdigest()[:8]: key for key in audit_keys
        }
        self.manifest: dict[str, Any] = {}
        self.signed_hashes: dict[int, str] = {}  # seq -> hash, as signed checkpoints state them
        self.digest = hashlib.sha256()
        # What was found.
        self.sentences: list[str] = []
        self.fault_count = 0
        self.event_count = 0
        self.link_count = 0
        self.unlinked_count = 0
        self.mac_count = 0
        self.anchored_count = 0
        self.foreign_checkpoint_count = 0
        self.is_vouched_for = False
        # Whether a given key sealed the manifest; None where it could not be checked.
        self.is_manifest_sealed: bool | None = None
        # The event before, and how many in a row are linked since the last signed checkpoint.
        self.previous: dict[str, Any] | None = None
        self.linked_run = 0

    def check_file(self, file: BinaryIO) -> None:
        """Checks every line. Raises CannotCheck."""
        number = 0
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
            self.check_line(line, number)
        if not number:
            raise CannotCheck("The file is empty.")
        self.compare_with_manifest()

    def check_line(self, line: bytes, number: int) -> None:
        label = f"Line {number}"
        if not line.endswith(b"\n"):
            self.add_fault(
                f"{label} ends in the middle: the file was cut off, or its last line was damaged."
            )
        content: dict[str, Any] = {}
        problem = ""
        try:
            content = parse_object(line)
        except ValueError as error:
            problem = printable(error)[:80]
        if number == 1:
            self.read_manifest(content)
        elif problem:
            self.add_fault(f"{label} is no event of an audit log ({problem}).")
            self.previous, self.linked_run = None, 0
        else:
            self.check_event(content, label)

    def read_manifest(self, manifest: dict[str, Any]) -> None:
        if manifest.get("pingadmin_audit_export") != FORMAT:
            raise CannotCheck("Line 1 is no manifest of an export that this verifier knows.")
        self.manifest = manifest
        for checkpoint in self.list_in_manifest("checkpoints"):
            self.read_checkpoint(checkpoint)
        self.is_manifest_sealed = self.check_seal()
        if self.is_manifest_sealed is False:
            self.add_fault("The manifest was edited: its seal does not fit.")

    def check_seal(self) -> bool | None:
        """Whether a given key sealed the whole manifest; None where no given key can tell."""
        content = dict(self.manifest)
        seal = content.pop("seal", None)
        if seal is None:
            return None
        try:
            names = {name: seal[name] for name in ("key_id", "public_key_id")}
            message = EXPORT_PREFIX + canonical_json({**content, **names})
            public_key = self.public_keys.get(seal["public_key_id"])
            if public_key is not None:
                return is_signed(public_key, message, bytes.fromhex(seal["signature"]))
            audit_key = self.audit_keys.get(seal["key_id"])
            if audit_key is not None:
                return bool(hmac.new(audit_key, message, "sha256").hexdigest() == seal["mac"])
        except (KeyError, TypeError, ValueError):
            return False
        return None

    def log_id(self) -> str:
        """The id of the log as the sealed manifest states it, '' where nothing is sealed."""
        log = self.manifest.get("log")
        is_known = bool(self.is_manifest_sealed) and isinstance(log, dict)
        return str(log.get("id", "")) if is_known and log else ""

    def list_in_manifest(self, name: str) -> list[Any]:
        """That list of the manifest, empty where the manifest holds something else."""
        content = self.manifest.get(name)
        return content if isinstance(content, list) else []

    def read_checkpoint(self, checkpoint: Any) -> None:
        """Remembers what a signed checkpoint states: that event must have that hash."""
        try:
            statement = dict(checkpoint)
            signature = bytes.fromhex(statement.pop("signature"))
            statement.pop("mac", None)
            seq, row_hash = statement["seq"], statement["row_hash"]
            name = f"The checkpoint at #{seq:d}"
            public_key = self.public_keys.get(statement["public_key_id"])
            message = CHECKPOINT_PREFIX + canonical_json(statement)
        except (AttributeError, KeyError, TypeError, ValueError):
            self.add_fault("A checkpoint in the manifest cannot be read: it was damaged.")
            return
        if public_key is None:
            self.foreign_checkpoint_count += 1
        elif not is_signed(public_key, message, signature):
            self.add_fault(f"{name} has a bad signature: it was not made by the holder of the key.")
        elif self.signed_hashes.setdefault(seq, row_hash) != row_hash:
            self.add_fault(f"{name} has a second one beside it that says otherwise.")

    def check_event(self, event: dict[str, Any], label: str) -> None:
        fault = self.find_fault(event)
        if fault:
            self.add_fault(f"{label}: {fault}")
            # Its number still tells whether the next line is its neighbour.
            self.previous = event if is_number(event.get("seq")) else None
            self.linked_run = 0
            return
        self.event_count += 1
        self.mac_count += event["key_id"] in self.audit_keys
        self.digest.update(event["row_hash"].encode() + b"\n")
        self.check_link(event, label)
        self.previous = event
        self.linked_run += 1
        if event["seq"] in self.signed_hashes:
            # The signature covers this event, and all that lead to it link by link.
            self.anchored_count += self.linked_run
            self.linked_run = 0

    def find_fault(self, event: dict[str, Any]) -> str:
        """What is wrong with one event by itself, in words; '' for nothing. Raises CannotCheck."""
        return self.find_form_fault(event) or self.find_seal_fault(event)

    def find_form_fault(self, event: dict[str, Any]) -> str:
        version: Any = event.get("schema_version")
        values_fit = all(isinstance(value, (str, int, type(None))) for value in event.values())
        if not is_number(version) or not values_fit:
            return "this is no event of an audit log."
        if version > max(FIELDS):
            raise CannotCheck(f"Some events are of a newer form ({version}); get a newer verifier.")
        if set(event) != {*FIELDS[version], "row_hash", "mac"} or not is_number(event["seq"]):
            return "this event lacks a field, or has one that its hash does not cover."
        return ""

    def find_seal_fault(self, event: dict[str, Any]) -> str:
        seq, row_hash = event["seq"], event["row_hash"]
        content = {field: event[field] for field in FIELDS[event["schema_version"]]}
        if hashlib.sha256(canonical_json(content)).hexdigest() != row_hash:
            return f"event #{seq} was edited: its hash does not match its content."
        if self.signed_hashes.get(seq, row_hash) != row_hash:
            return f"event #{seq} was rewritten: the checkpoint at #{seq} vouches for another."
        key = self.audit_keys.get(event["key_id"])
        if key is not None and compute_mac(row_hash, key) != event["mac"]:
            return (
                f"event #{seq} has a bad MAC: it was not written by the panel that holds the key."
            )
        return ""

    def check_link(self, event: dict[str, Any], label: str) -> None:
        """Only a neighbour can be linked to: a filter may have left out the event before."""
        previous, seq = self.previous, event["seq"]
        if previous and seq <= previous["seq"]:
            self.add_fault(
                f"{label}: event #{seq} stands after #{previous['seq']}: "
                "lines were swapped or repeated."
            )
        if previous and previous["seq"] == seq - 1:
            expected = previous.get("row_hash")
        else:
            expected = GENESIS if seq == 1 else self.signed_hashes.get(seq - 1)
            self.linked_run = 0
        if expected is None:
            self.unlinked_count += 1
        elif event["prev_hash"] == expected:
            self.link_count += 1
        else:
            self.add_fault(
                f"{label}: event #{seq} does not follow #{seq - 1} as it stands here: broken link."
            )

    def compare_with_manifest(self) -> None:
        """The export's own event was logged before the file was made: the manifest must agree."""
        event = self.manifest.get("export")
        if not isinstance(event, dict):
            self.add_fault("The manifest's own event: it is missing.")
            return
        fault = self.find_fault(event)
        if fault:
            self.add_fault(f"The manifest's own event: {fault}")
            return
        recorded = recorded_by(event)
        for name in sorted(name for name in recorded if self.manifest.get(name) != recorded[name]):
            self.add_fault(
                f"The manifest was edited: {printable(name)} is not what event "
                f"#{event['seq']} records."
            )
        if event["action"] != "export" or not is_number(recorded.get("events"), least=0):
            self.add_fault(f"The manifest's own event #{event['seq']} records no export.")
            return
        self.compare_events(event["seq"], recorded)
        self.is_vouched_for = event["key_id"] in self.audit_keys or self.leads_to_checkpoint(event)

    def compare_events(self, export_seq: int, recorded: Mapping[str, Any]) -> None:
        stated = recorded["events"]
        if self.event_count < stated:
            missing = stated - self.event_count
            self.add_fault(f"{missing:,} of {stated:,} events are missing or damaged.")
        elif self.event_count > stated:
            self.add_fault(
                f"{stated:,} events were exported, and the file holds {self.event_count:,}."
            )
        elif self.digest.hexdigest() != recorded.get("digest"):
            self.add_fault(f"These are not the events that export #{export_seq} recorded.")

    def leads_to_checkpoint(self, event: dict[str, Any]) -> bool:
        """Whether a checkpoint vouches for this event, or for one that follows it link by link."""
        for following in self.list_in_manifest("between"):
            is_next = (
                isinstance(following, dict)
                and not self.find_fault(following)
                and following["seq"] == event["seq"] + 1
                and following["prev_hash"] == event["row_hash"]
            )
            if not is_next:
                self.add_fault(
                    "The manifest's events up to the checkpoint are not those that followed "
                    "the export."
                )
                return False
            event = following
        return event["seq"] in self.signed_hashes

    def add_fault(self, sentence: str) -> None:
        self.fault_count += 1
        if self.fault_count <= MAX_SENTENCES:
            self.sentences.append(sentence)

    def report(self) -> Iterator[str]:
        """The result in sentences, for people."""
        if self.fault_count:
            yield from self.sentences
            if self.fault_count > MAX_SENTENCES:
                yield f"And {self.fault_count - MAX_SENTENCES:,} more."
            yield "NOT WHOLE. Do not rely on this file."
            return
        stated = {name: printable(value) for name, value in self.manifest.items()}
        yield (
            f"Export #{self.manifest['export']['seq']} by {stated['exported_by']} "
            f"at {stated['exported_at']}; filter: {stated.get('filter') or 'none'}."
        )
        if self.is_manifest_sealed:
            log = self.manifest.get("log") or {}
            yield (
                f"It is of the log {printable(log.get('id'))} of {stated.get('panel')}, "
                f"which began at {printable(log.get('born_at'))}."
            )
        else:
            yield (
                "NOT PROVEN whose log it is: no key that you gave sealed the manifest, so the "
                "panel's name and the coverage in it may be anybody's."
            )
        yield (
            f"WHOLE: {self.event_count:,} events, each as its hash says, "
            "none added and none missing since the export."
        )
        yield f"{self.link_count:,} links to the event before hold."
        if self.unlinked_count:
            yield (
                f"{self.unlinked_count:,} links could not be checked: "
                "the filter left the event before out of this file."
            )
        if self.audit_keys:
            yield (
                f"{self.mac_count:,} of {self.event_count:,} MACs were checked "
                "with the key that you gave, and are right."
            )
        yield from self.report_proof()

    def report_proof(self) -> Iterator[str]:
        """Who vouches for it: only a key that did not come with the file can say."""
        if not (self.public_keys or self.audit_keys):
            yield (
                "NOT PROVEN who wrote it: run again with --public-key "
                "and the panel's public key as you noted it."
            )
            yield f"The file itself names {printable(self.manifest.get('public_key'))}."
        elif self.is_vouched_for:
            yield "PROVEN: the panel's key vouches for this export, with all of its events."
        elif self.anchored_count:
            yield (
                f"PROVEN: {self.anchored_count:,} of {self.event_count:,} events; "
                "the others stand after a checkpoint, or apart."
            )
        else:
            yield (
                "NOT PROVEN: nothing that was made with a key that you gave "
                "vouches for this export."
            )
        if self.foreign_checkpoint_count and self.public_keys:
            yield (
                f"{self.foreign_checkpoint_count:,} checkpoints name other keys "
                "and were not checked."
            )

    @property
    def exit_status(self) -> int:
        if self.fault_count:
            return 1
        # A key was given and nothing could be checked with it: that is no success.
        is_key_given = self.public_keys or self.audit_keys
        is_key_used = self.is_vouched_for or self.anchored_count or self.mac_count
        return 2 if is_key_given and not is_key_used else 0


def recorded_by(event: Mapping[str, Any]) -> dict[str, Any]:
    """What the export's own event records: its detail, and who exported when."""
    try:
        recorded = parse_object(event["detail"].encode())
    except (AttributeError, ValueError):
        recorded = {}
    return {
        **recorded,
        "exported_by": event["actor_name"],
        "exported_role": event["actor_role"],
        "exported_at": event["at"],
    }


def parse_object(line: bytes) -> dict[str, Any]:
    """One JSON object, read strictly. Raises ValueError."""
    try:
        content = STRICT_DECODER.decode(line.decode("ascii"))
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(content, dict):
        raise ValueError("no JSON object")
    return content


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice")
    return content


def refuse_number(text: str) -> Any:
    raise ValueError("an event holds no such number")


STRICT_DECODER = json.JSONDecoder(
    object_pairs_hook=refuse_duplicates, parse_float=refuse_number, parse_constant=refuse_number
)


def canonical_json(values: Mapping[str, Any]) -> bytes:
    """Sorted keys, ASCII, no spaces: the bytes that were hashed or signed."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return text.encode("ascii")


def compute_mac(row_hash: str, key: bytes) -> str:
    return hmac.new(key, ROW_PREFIX + row_hash.encode(), "sha256").hexdigest()


def is_number(value: Any, least: int = 1) -> bool:
    """Whether it is an integer of at least `least`; true and false are no numbers."""
    return type(value) is int and value >= least


def printable(value: object) -> str:
    """In ASCII, so that nothing in the file can take over the terminal."""
    return ascii(str(value))[1:-1]


# Ed25519 as in RFC 8032, section 5.1, with its names: p, L, d, and points of the curve as
# (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME


class Point(NamedTuple):
    x: int
    y: int
    z: int
    t: int


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the private half of `public_key` (32 bytes) made `signature` (64) of `message`."""
    holder, commitment = decode_point(public_key), decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or holder is None or commitment is None or scalar >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    left = multiply(scalar, BASE)
    right = add(commitment, multiply(challenge, holder))
    return (left.x * right.z - right.x * left.z) % PRIME == 0 and (
        left.y * right.z - right.y * left.z
    ) % PRIME == 0


def decode_point(encoded: bytes) -> Point | None:
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
    return Point(x, y, 1, x * y % PRIME)


def add(p: Point, q: Point) -> Point:
    a, b = (p.y - p.x) * (q.y - q.x) % PRIME, (p.y + p.x) * (q.y + q.x) % PRIME
    c, d = 2 * p.t * q.t * D % PRIME, 2 * p.z * q.z % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply(factor: int, point: Point) -> Point:
    total = Point(0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = add(total, point)
        point, factor = add(point, point), factor >> 1
    return total


def base_point() -> Point:
    point = decode_point((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little"))
    assert point is not None
    return point


BASE = base_point()


def read_public_keys(argument: str) -> list[bytes]:
    """The keys in an argument: hex digits, or the name of a file that holds them."""
    text = argument
    if Path(argument).exists():
        text = Path(argument).read_text("ascii", "replace")
    keys = re.findall(r"\b[0-9a-fA-F]{64}\b", text)
    if not keys:
        raise CannotCheck(f"{printable(text[:80])} holds no public key: that is 64 hex digits.")
    return [bytes.fromhex(key) for key in keys]


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
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
    parser.add_argument("--log", default="", help="the id that the log must have, as you noted it")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    try:
        public_keys = [key for given in options.public_key for key in read_public_keys(given)]
        audit_keys = [Path(path).read_bytes().strip() for path in options.key]
        checker = ExportChecker(public_keys, audit_keys)
        with open(options.export, "rb") as file:
            checker.check_file(file)
    except (CannotCheck, OSError) as error:
        print(f"NOT CHECKED: {printable(error)}")
        return 2
    for sentence in checker.report():
        print(sentence)
    if options.log and options.log != checker.log_id():
        print(f"NOT THE LOG {printable(options.log)}, as far as the seal can tell.")
        return checker.exit_status or 2
    return checker.exit_status


if __name__ == "__main__":
    sys.exit(main())
