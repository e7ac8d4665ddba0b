"""One checkpoint: a statement of the log's head that leaves the database, as one line of JSON.

docs/audit-format.md describes the line for those who write a verifier of their own.
"""

import json
from dataclasses import asdict, dataclass

from pingadmin.audit.chain import canonical, signing

VERSION = 1


class BadCheckpoint(ValueError):
    """It cannot be believed; the text says why."""


@dataclass(frozen=True)
class Checkpoint:
    """seq and row_hash: the head, 0 and GENESIS where the log is empty; at: canonical UTC time.

    restored: the seq of the event with which an admin accepted an older log, in the first checkpoint after
    it; earlier checkpoints at or above that seq are then given up.
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
        """The checkpoint as it is kept and sent: canonical JSON, without the line's end."""
        return canonical.encode(asdict(self)).decode()


def sealed(*, seq: int, row_hash: str, at: str, restored: int | None) -> Checkpoint:
    """A new checkpoint with MAC and signature."""
    statement = {
        "version": VERSION,
        "seq": seq,
        "row_hash": row_hash,
        "at": at,
        "restored": restored,
        **signing.key_ids(),
    }
    return Checkpoint(**statement, **signing.seal(canonical.encode(statement)))


def read(line: str, *, thoroughly: bool = True) -> Checkpoint:
    """The checkpoint that a line holds, if it can be believed; its MAC alone unless thoroughly.

    Raises BadCheckpoint.
    """
    checkpoint = _parsed(line)
    statement = asdict(checkpoint)
    mac, signature = statement.pop("mac"), statement.pop("signature")
    message = canonical.encode(statement)
    _demand(signing.has_right_mac(message, checkpoint.key_id, mac), "key", "MAC")
    if thoroughly:
        _demand(
            signing.has_right_signature(message, checkpoint.public_key_id, signature),
            "public key",
            "signature",
        )
    return checkpoint


def _parsed(line: str) -> Checkpoint:
    try:
        checkpoint = Checkpoint(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        raise BadCheckpoint("it is no whole line of JSON with a checkpoint's fields") from None
    if checkpoint.version != VERSION:
        raise BadCheckpoint(f"its version {checkpoint.version!r} is not known")
    numbers = (checkpoint.seq, checkpoint.restored or 0)
    texts = (checkpoint.row_hash, checkpoint.at, checkpoint.key_id, checkpoint.public_key_id)
    seals = (checkpoint.mac, checkpoint.signature)
    if not all(type(value) is int for value in numbers) or not all(
        type(value) is str for value in texts + seals
    ):
        raise BadCheckpoint("a field has the wrong type")
    return checkpoint


def _demand(is_right: bool | None, key: str, seal: str) -> None:
    if is_right is None:
        raise BadCheckpoint(f"its {key} is not known")
    if not is_right:
        raise BadCheckpoint(f"its {seal} is wrong")
