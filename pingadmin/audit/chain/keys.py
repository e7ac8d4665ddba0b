"""The keys of the audit log: one that writes, and those of the past, which only verify."""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from pingadmin.audit.chain import canonical

_LABEL = b"pingadmin-audit-checkpoint-signing"


def for_macs() -> dict[str, str]:
    """Key id -> key, for AUDIT_KEY and AUDIT_OLD_KEYS."""
    keys = [settings.AUDIT_KEY, *settings.AUDIT_OLD_KEYS]
    return {canonical.key_id_of(key.reveal()): key.reveal() for key in keys}


def for_signing() -> Ed25519PrivateKey:
    """AUDIT_SIGNING_KEY, or a key derived from AUDIT_KEY where it is not set."""
    if settings.AUDIT_SIGNING_KEY:
        return Ed25519PrivateKey.from_private_bytes(
            bytes.fromhex(settings.AUDIT_SIGNING_KEY.reveal())
        )
    return _derived(settings.AUDIT_KEY.reveal())


def public_key() -> str:
    """The key that a reviewer checks new signatures with: 64 hex digits."""
    return _public(for_signing())


def public_keys() -> list[str]:
    """All whose signatures count: today's, AUDIT_OLD_PUBLIC_KEYS, and those derived from keys that write no more."""
    derived = [_public(_derived(key.reveal())) for key in settings.AUDIT_OLD_KEYS]
    return [public_key(), *settings.AUDIT_OLD_PUBLIC_KEYS, *derived]


@lru_cache(maxsize=16)
def _derived(key: str) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL).derive(key.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
