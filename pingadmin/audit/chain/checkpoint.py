"""A checkpoint: a signed statement of the log's head that leaves the database, as one line of JSON.

docs/audit-format.md describes the line for those who write a verifier of their own.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from pingadmin.audit.chain import canonical, signing

VERSION = 1


class InvalidCheckpoint(ValueError):
    """A line is not a checkpoint to be trusted; the text says why."""


@dataclass(frozen=True)
class Checkpoint:
    """seq and row_hash: the log's head, 0 and GENESIS where it is empty; at: canonical UTC time.

    restored: set in the first checkpoint after an admin accepted an older log, to the seq of that
    event. Earlier checkpoints at or above that seq are then given up.
    """

    version: int
    seq: int
    row_hash: str
    at: str
    restored: int | None
    key_id: str
    public_key_id: str
    mac: str
    signature: str

    @property
    def line(self) -> str:
        """The checkpoint as it is stored and sent: canonical JSON without a line feed."""
        return canonical.encode(asdict(self)).decode()


def seal_checkpoint(*, seq: int, row_hash: str, at: str, restored: int | None) -> Checkpoint:
    """A new checkpoint with MAC and signature."""
    key_id, public_key_id = signing.current_key_ids()
    unsealed = Checkpoint(VERSION, seq, row_hash, at, restored, key_id, public_key_id, "", "")
    message = _sealed_message(unsealed)
    return replace(unsealed, mac=signing.compute_mac(message), signature=signing.sign(message))


def parse(line: str, *, check_signature: bool = True) -> Checkpoint:
    """The checkpoint of a line, with its MAC checked, and its signature too unless told otherwise.

    Raises InvalidCheckpoint.
    """
    checkpoint = _parse_fields(line)
    message = _sealed_message(checkpoint)
    is_right = signing.is_mac_right(message, checkpoint.key_id, checkpoint.mac)
    _require(is_right, key="key", seal="MAC")
    if check_signature:
        is_right = signing.is_signature_right(
            message, checkpoint.public_key_id, checkpoint.signature
        )
        _require(is_right, key="public key", seal="signature")
    return checkpoint


def first_valid(lines: Iterable[str]) -> Checkpoint | None:
    """The checkpoint of the first line with a valid MAC."""
    for line in lines:
        try:
            return parse(line, check_signature=False)
        except InvalidCheckpoint:
            continue
    return None


def _sealed_message(checkpoint: Checkpoint) -> bytes:
    statement = asdict(checkpoint)
    del statement["mac"], statement["signature"]
    return canonical.encode(statement)


def _parse_fields(line: str) -> Checkpoint:
    try:
        checkpoint = Checkpoint(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        raise InvalidCheckpoint("it is no whole line of JSON with a checkpoint's fields") from None
    if checkpoint.version != VERSION:
        raise InvalidCheckpoint(f"its version {checkpoint.version!r} is not known")
    numbers = (checkpoint.seq, checkpoint.restored or 0)
    texts = (checkpoint.row_hash, checkpoint.at, checkpoint.key_id, checkpoint.public_key_id)
    seals = (checkpoint.mac, checkpoint.signature)
    # Not isinstance(): true is no number here.
    if not all(type(value) is int for value in numbers) or not all(
        type(value) is str for value in texts + seals
    ):
        raise InvalidCheckpoint("a field has the wrong type")
    return checkpoint


def _require(is_right: bool | None, *, key: str, seal: str) -> None:
    if is_right is None:
        raise InvalidCheckpoint(f"its {key} is not known")
    if not is_right:
        raise InvalidCheckpoint(f"its {seal} is wrong")
