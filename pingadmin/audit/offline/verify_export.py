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
import os
import re
import sys

FORMAT = 1
GENESIS = "0" * 64
FIELDS = {
    1: (
        "schema_version seq event_id at story action phase result verified "
        "actor_kind actor_id actor_name actor_role source_address request_id "
        "alias session_id client reason ticket attempt batch "
        "upstream_status upstream_code shown detail snapshot_before snapshot_after key_id prev_hash"
    ).split()
}
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
        self.secret_keys = {hashlib.sha256(KEY_PREFIX + key).hexdigest()[:8]: key for key in secret_keys}
        self.problems, self.manifest, self.signed = [], {}, {}
        self.rows = self.links = self.unlinked = self.macs = self.anchored = self.foreign = 0
        self.before, self.run, self.digest, self.is_vouched = None, 0, hashlib.sha256(), False

    def whole_file(self, file):
        number = 0
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            where = "Line %d" % number
            if not line.endswith(b"\n"):
                self.wrong("%s ends in the middle: the file was cut off, or its last line was damaged." % where)
            try:
                content = parsed(line)
            except ValueError as error:
                if number == 1:
                    raise Unfit("This is no JSONL export of pingadmin: line 1 is not its manifest.") from error
                self.wrong("%s is no event of an audit log (%s)." % (where, ascii(str(error))[1:81]))
                self.before, self.run = None, 0
                continue
            if number == 1:
                self.take_manifest(content)
            else:
                self.take_row(content, where)
        if not number:
            raise Unfit("The file is empty.")
        self.compare_with_manifest()

    def take_manifest(self, manifest):
        if manifest.get("pingadmin_audit_export") != FORMAT:
            raise Unfit("Line 1 is not the manifest of an export that this verifier knows; get a newer verifier.")
        self.manifest = manifest
        checkpoints = manifest.get("checkpoints")
        for checkpoint in checkpoints if isinstance(checkpoints, list) else []:
            self.take_checkpoint(checkpoint)

    def take_checkpoint(self, checkpoint):
        """Keeps what a signature (or a MAC) vouches for: from then on that event must have that hash."""
        try:
            sealed = {name: value for name, value in checkpoint.items() if name not in ("mac", "signature")}
            message, name = CHECKPOINT_PREFIX + canonical(sealed), "The checkpoint at #%d" % sealed["seq"]
            seq, row_hash, seals = sealed["seq"], sealed["row_hash"], []
            if sealed["public_key_id"] in self.public_keys:
                key = self.public_keys[sealed["public_key_id"]]
                seals.append(("signature", is_signed(key, message, bytes.fromhex(checkpoint["signature"]))))
            if sealed["key_id"] in self.secret_keys:
                mac = hmac.new(self.secret_keys[sealed["key_id"]], message, "sha256").hexdigest()
                seals.append(("MAC", hmac.compare_digest(mac.encode(), checkpoint["mac"].encode())))
        except (AttributeError, KeyError, TypeError, ValueError):
            self.wrong("A checkpoint in the manifest cannot be read: it was damaged.")
            return
        for seal, is_right in seals:
            if not is_right:
                self.wrong("%s has a bad %s: it was not made by the holder of the key." % (name, seal))
        if not seals:
            self.foreign += 1
        elif all(is_right for _, is_right in seals):
            if self.signed.setdefault(seq, row_hash) != row_hash:
                self.wrong("%s has a second one beside it that says otherwise." % name)

    def take_row(self, row, where):
        fault = self.fault_of(row)
        if fault:
            self.wrong("%s: %s" % (where, fault))
            self.before, self.run = row if is_number(row.get("seq")) else None, 0
            return
        self.rows += 1
        self.macs += row["key_id"] in self.secret_keys
        self.digest.update(row["row_hash"].encode() + b"\n")
        self.link(row, where)
        self.before = row
        self.run += 1
        if row["seq"] in self.signed:
            self.anchored += self.run
            self.run = 0

    def fault_of(self, row):
        """What is wrong with a row by itself, in words; '' where nothing is."""
        names = FIELDS.get(row.get("schema_version"))
        if names is None:
            if is_number(row.get("schema_version")) and row["schema_version"] > max(FIELDS):
                raise Unfit("Some events are of a newer form (%d); get a newer verifier." % row["schema_version"])
            return "this is no event of an audit log."
        if set(row) != {*names, "row_hash", "mac"} or not is_number(row["seq"]):
            return "this event lacks a field, or has one that its hash does not cover."
        name = "event #%d" % row["seq"]
        if hashlib.sha256(canonical({field: row[field] for field in names})).hexdigest() != row["row_hash"]:
            return "%s was edited: its hash does not match its content." % name
        if self.signed.get(row["seq"], row["row_hash"]) != row["row_hash"]:
            return "%s was rewritten: the checkpoint at #%d vouches for another." % (name, row["seq"])
        if row["key_id"] in self.secret_keys:
            mac = hmac.new(self.secret_keys[row["key_id"]], ROW_PREFIX + row["row_hash"].encode(), "sha256")
            if mac.hexdigest() != row["mac"]:
                return "%s has a bad MAC: it was not written by the panel that holds the key." % name
        return ""

    def link(self, row, where):
        """The row before counts only where it is the neighbour: a filter may have left out what stood between."""
        before, seq = self.before, row["seq"]
        if before and seq <= before["seq"]:
            self.wrong("%s: event #%d stands after #%d: lines were swapped or repeated." % (where, seq, before["seq"]))
        if seq == 1:
            expected = GENESIS
        elif before and before["seq"] == seq - 1:
            expected = before.get("row_hash")
        else:
            expected = self.signed.get(seq - 1)
        if expected is None:
            self.unlinked, self.run = self.unlinked + 1, 0
        elif row["prev_hash"] == expected:
            self.links += 1
        else:
            self.wrong("%s: event #%d does not follow #%d as it stands here: broken link." % (where, seq, seq - 1))
            self.run = 0

    def compare_with_manifest(self):
        """The export's own event was written into the log before the file; the manifest must say the same."""
        manifest, event = self.manifest, self.manifest.get("export")
        fault = self.fault_of(event) if isinstance(event, dict) else "it is missing."
        if fault:
            self.wrong("The manifest's own event: %s" % fault)
            return
        try:
            recorded = parsed(event["detail"].encode())
        except (AttributeError, ValueError):
            recorded = {}
        recorded.update(exported_by=event["actor_name"], exported_role=event["actor_role"], exported_at=event["at"])
        for name in sorted(recorded):
            if manifest.get(name) != recorded[name]:
                self.wrong("The manifest was edited: %s is not what event #%d records." % (name, event["seq"]))
        if event["action"] != "export" or not is_number(recorded.get("events"), least=0):
            self.wrong("The manifest's own event #%d records no export." % event["seq"])
            return
        if self.rows < recorded["events"]:
            lost = recorded["events"] - self.rows
            self.wrong("%s of %s events are missing or damaged." % (count(lost), count(recorded["events"])))
        elif self.rows > recorded["events"]:
            self.wrong(
                "%s events were exported, and the file holds %s." % (count(recorded["events"]), count(self.rows))
            )
        elif self.digest.hexdigest() != recorded.get("digest"):
            self.wrong("These are not the events that export #%d recorded." % event["seq"])
        self.is_vouched = self.leads_to_checkpoint(event) and not self.problems
        self.anchored = self.rows if self.is_vouched else self.anchored

    def leads_to_checkpoint(self, event):
        """Whether a checkpoint vouches for this event, or for one that follows it link by link."""
        between = self.manifest.get("between")
        for row in between if isinstance(between, list) else []:
            fault = self.fault_of(row) if isinstance(row, dict) else "it is no event."
            if not fault and (row["seq"], row["prev_hash"]) != (event["seq"] + 1, event["row_hash"]):
                fault = "event #%d does not follow #%d: broken link." % (row["seq"], event["seq"])
            if fault:
                self.wrong("The manifest's events up to the checkpoint: %s" % fault)
                return False
            event = row
        return event["seq"] in self.signed

    def wrong(self, sentence):
        self.problems.append(sentence)

    def sentences(self):
        """The report, for people."""
        manifest, rows = self.manifest, count(self.rows)
        if self.problems:
            yield from self.problems[:SHOWN]
            if len(self.problems) > SHOWN:
                yield "And %s more." % count(len(self.problems) - SHOWN)
            yield "NOT WHOLE. Do not rely on this file."
            return
        yield "Export #%d by %s at %s; filter: %s." % (
            manifest["export"]["seq"],
            safe(manifest["exported_by"]),
            safe(manifest["exported_at"]),
            safe(manifest.get("filter") or "none"),
        )
        yield "WHOLE: %s events, each as its hash says, none added and none missing since the export." % rows
        yield "%s links to the event before hold." % count(self.links)
        if self.unlinked:
            yield (
                "%s links could not be checked, because the event before is not in this file: the filter left it out."
                % count(self.unlinked)
            )
        if self.secret_keys:
            yield "%s of %s MACs were checked with the key that you gave, and are right." % (count(self.macs), rows)
        yield from self.proof()

    def proof(self):
        """Who stands for it: only a key that did not come with the file can say."""
        if not (self.public_keys or self.secret_keys):
            yield "NOT PROVEN who wrote it: run again with --public-key and the panel's public key as you noted it."
            yield "The file itself names %s." % safe(self.manifest.get("public_key"))
            return
        if self.is_vouched:
            yield "PROVEN: a checkpoint that the panel sealed vouches for this export, with all of its events."
        elif self.anchored:
            yield "PROVEN by the panel's checkpoints: %s of %s events. The others stand after them or apart." % (
                count(self.anchored), count(self.rows)
            )  # fmt: skip
        else:
            yield "NOT PROVEN: no checkpoint in this file vouches for it with a key that you gave."
        if self.foreign:
            yield "%s checkpoints name other keys and were not checked." % count(self.foreign)

    @property
    def status(self):
        """A key was given, and nothing could be checked with it: that is no success."""
        if self.problems:
            return 1
        proven = self.is_vouched or self.anchored
        return 2 if (self.public_keys or self.secret_keys) and not proven and not self.macs else 0


def parsed(line):
    """One JSON object, read strictly. Raises ValueError."""
    try:
        content = json.loads(
            line.decode("ascii"), object_pairs_hook=once_each, parse_float=refused, parse_constant=refused
        )
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


def canonical(values):
    """Sorted keys, ASCII, no spaces: the bytes that were hashed or signed."""
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def is_number(value, least=1):
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def count(number):
    return "{:,}".format(number)


def safe(text):
    return ascii(str(text))[1:-1]


# Ed25519 as in RFC 8032, section 5.1: points of the curve as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)
NEUTRAL = (0, 1, 1, 0)


def is_signed(public_key, message, signature):
    """Whether `signature` (64 bytes) of `message` was made with the private half of `public_key` (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    holder, commitment = point_of(public_key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if holder is None or commitment is None or scalar >= ORDER:
        return False
    challenge = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(challenge, "little") % ORDER
    return same(times(scalar, BASE), plus(commitment, times(challenge, holder)))


def point_of(encoded):
    """The point whose y and sign of x these 32 bytes are; None where the curve has none."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


def plus(one, other):
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % PRIME, (y1 + x1) * (y2 + x2) % PRIME
    c, d = 2 * t1 * t2 * D % PRIME, 2 * z1 * z2 % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def times(factor, point):
    total = NEUTRAL
    while factor:
        if factor & 1:
            total = plus(total, point)
        point, factor = plus(point, point), factor >> 1
    return total


def same(one, other):
    x1, y1, z1, _ = one
    x2, y2, z2, _ = other
    return (x1 * z2 - x2 * z1) % PRIME == 0 and (y1 * z2 - y2 * z1) % PRIME == 0


BASE = point_of((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little"))


def public_keys_of(given):
    """The keys in an argument: hex digits, or the name of a file of them."""
    if os.path.exists(given):
        with open(given, encoding="ascii", errors="replace") as file:
            given = file.read()
    found = re.findall(r"\b[0-9a-fA-F]{64}\b", given)
    if not found:
        raise Unfit("%s holds no public key: that is 64 hex digits." % safe(given[:80]))
    return [bytes.fromhex(key) for key in found]


def secret_key_of(path):
    with open(path, "rb") as file:
        return file.read().strip()


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Checks a JSONL export of pingadmin's audit log.")
    parser.add_argument("export", help="the file that the panel gave")
    parser.add_argument("--public-key", action="append", default=[], help="64 hex digits, or a file that holds them")
    parser.add_argument("--key", action="append", default=[], help="a file with the AUDIT_KEY, to check MACs as well")
    options = parser.parse_args(arguments)
    try:
        public_keys = [key for given in options.public_key for key in public_keys_of(given)]
        checker = Checker(public_keys, [secret_key_of(path) for path in options.key])
        with open(options.export, "rb") as file:
            checker.whole_file(file)
    except (Unfit, OSError) as error:
        print("NOT CHECKED: %s" % ascii(str(error))[1:-1])
        return 2
    for sentence in checker.sentences():
        print(sentence)
    return checker.status


if __name__ == "__main__":
    sys.exit(main())
