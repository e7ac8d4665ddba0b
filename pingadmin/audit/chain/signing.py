"""The two seals of what leaves the panel, which are checkpoints and the manifests of exports: a MAC
for the panel, an Ed25519 signature for everybody else.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from pingadmin.audit.chain import canonical, keys

# They set messages apart from anything else that the same keys may ever seal.
CHECKPOINT_PREFIX = b"pingadmin-audit-checkpoint:"
EXPORT_PREFIX = b"pingadmin-audit-export:"


def current_key_ids() -> tuple[str, str]:
    """The ids of the keys that seal now: the audit key's, the public key's."""
    key_id = canonical.compute_key_id(settings.AUDIT_KEY.reveal())
    return key_id, compute_public_key_id(keys.public_key())


def compute_mac(message: bytes, *, prefix: bytes = CHECKPOINT_PREFIX) -> str:
    """The message's MAC with the audit key, as hex."""
    return _mac(prefix + message, settings.AUDIT_KEY.reveal())


def sign(message: bytes, *, prefix: bytes = CHECKPOINT_PREFIX) -> str:
    """The message's signature with the signing key, as hex."""
    return keys.signing_key().sign(prefix + message).hex()


def is_mac_right(message: bytes, key_id: str, mac: str) -> bool | None:
    """Whether a checkpoint's MAC is right; None where the key is not known."""
    key = keys.mac_keys().get(key_id)
    if key is None:
        return None
    return hmac.compare_digest(_mac(CHECKPOINT_PREFIX + message, key).encode(), mac.encode())


def is_signature_right(message: bytes, key_id: str, signature: str) -> bool | None:
    """Whether a checkpoint's signature is right; None where the public key is not known."""
    public_keys = {compute_public_key_id(key): key for key in keys.trusted_public_keys()}
    if key_id not in public_keys:
        return None
    public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_keys[key_id]))
    try:
        public_key.verify(bytes.fromhex(signature), CHECKPOINT_PREFIX + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def compute_public_key_id(public_key: str) -> str:
    """The first eight hex digits of a public key's SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:8]


def _mac(message: bytes, key: str) -> str:
    return hmac.digest(key.encode(), message, "sha256").hex()
