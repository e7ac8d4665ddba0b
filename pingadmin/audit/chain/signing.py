"""Seals a checkpoint's bytes twice: a MAC for the panel, an Ed25519 signature for those who hold no secret."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from pingadmin.audit.chain import canonical, keys

PREFIX = b"pingadmin-audit-checkpoint:"


def key_ids() -> dict[str, str]:
    """Which keys seal now, as a checkpoint names them."""
    return {
        "key_id": canonical.key_id_of(settings.AUDIT_KEY.reveal()),
        "public_key_id": public_key_id(keys.public_key()),
    }


def seal(message: bytes) -> dict[str, str]:
    """`mac` and `signature` of the message, as hex."""
    return {
        "mac": _mac(message, settings.AUDIT_KEY.reveal()),
        "signature": keys.for_signing().sign(PREFIX + message).hex(),
    }


def has_right_mac(message: bytes, key_id: str, mac: str) -> bool | None:
    """None where the key is not known."""
    key = keys.for_macs().get(key_id)
    return None if key is None else hmac.compare_digest(_mac(message, key).encode(), mac.encode())


def has_right_signature(message: bytes, key_id: str, signature: str) -> bool | None:
    """None where the public key is not known."""
    known = {public_key_id(key): key for key in keys.public_keys()}
    if key_id not in known:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(known[key_id])).verify(
            bytes.fromhex(signature), PREFIX + message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_id(public_key: str) -> str:
    """Eight hex digits of a public key's SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:8]


def _mac(message: bytes, key: str) -> str:
    return hmac.digest(key.encode(), PREFIX + message, "sha256").hex()
