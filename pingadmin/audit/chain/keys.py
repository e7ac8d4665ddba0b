"""The keys of the audit log: today's, which write, and those of the past, which only verify."""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from pingadmin.audit.chain import canonical

_DERIVATION_LABEL = b"pingadmin-audit-checkpoint-signing"


def mac_keys() -> dict[str, str]:
    """Key id -> key, for AUDIT_KEY and AUDIT_OLD_KEYS."""
    keys = [settings.AUDIT_KEY, *settings.AUDIT_OLD_KEYS]
    return {canonical.compute_key_id(key.reveal()): key.reveal() for key in keys}


def signing_key() -> Ed25519PrivateKey:
    """AUDIT_SIGNING_KEY, or a key derived from AUDIT_KEY where that is not set."""
    if settings.AUDIT_SIGNING_KEY:
        return Ed25519PrivateKey.from_private_bytes(
            bytes.fromhex(settings.AUDIT_SIGNING_KEY.reveal())
        )
    return _derive_signing_key(settings.AUDIT_KEY.reveal())


def public_key() -> str:
    """The key that checks new signatures: 64 hex digits."""
    return _public_half(signing_key())


def trusted_public_keys() -> list[str]:
    """Every public key whose signatures count.

    Today's, those of AUDIT_OLD_PUBLIC_KEYS, and those derived from AUDIT_OLD_KEYS.
    """
    derived = [_public_half(_derive_signing_key(key.reveal())) for key in settings.AUDIT_OLD_KEYS]
    return [public_key(), *settings.AUDIT_OLD_PUBLIC_KEYS, *derived]


@lru_cache(maxsize=16)
def _derive_signing_key(audit_key: str) -> Ed25519PrivateKey:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_DERIVATION_LABEL)
    return Ed25519PrivateKey.from_private_bytes(derivation.derive(audit_key.encode()))


def _public_half(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
