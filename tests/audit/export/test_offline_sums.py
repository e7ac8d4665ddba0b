"""The offline verifier computes the panel's hashes and checks the signatures of RFC 8032."""

import ast
import hashlib
import importlib.util
import json
import sys
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from pingadmin.audit.chain import canonical, signing
from pingadmin.audit.export import jsonl_file
from pingadmin.audit.export.exports import build_row
from pingadmin.audit.export.views import VERIFIER
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import cleaning
from tests.support.imports import imports_of

_spec = importlib.util.spec_from_file_location("verify_export", VERIFIER)
verifier = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verifier)


words = st.text(max_size=20)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        dict.fromkeys(["action", "actor_name", "reason", "ticket", "client", "session_id"], words)
    ),
    st.dictionaries(words, st.none() | st.integers() | words, max_size=3),
    st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 2**63 - 1),
    st.none() | st.booleans(),
    st.none() | st.integers(-(2**31), 2**31 - 1),
)
def test_the_verifier_hashes_every_event_as_the_panel_does(
    texts, detail, at, seq, verified, status
):
    made = AuditEvent(
        **texts,
        seq=seq,
        story=seq,
        at=at,
        event_id="0" * 32,
        verified=verified,
        upstream_status=status,
    )
    made.detail, made.schema_version = cleaning.as_json(detail), canonical.VERSION
    made.key_id, made.prev_hash, made.mac = "0" * 8, canonical.GENESIS, "0" * 64
    made.row_hash = canonical.hash_event(made)

    read = verifier.parse_object(json.dumps(build_row(made)).encode())

    assert verifier.canonical_json(
        {name: read[name] for name in verifier.FIELDS[1]}
    ) == canonical.canonical_form(made)
    assert verifier.ExportChecker().find_fault(read) == ""


def test_the_verifier_has_the_constants_of_the_panel():
    assert verifier.FIELDS == canonical.FIELDS
    assert verifier.GENESIS == canonical.GENESIS
    assert verifier.CHECKPOINT_PREFIX == signing.CHECKPOINT_PREFIX
    assert verifier.EXPORT_PREFIX == signing.EXPORT_PREFIX
    assert verifier.FORMAT == jsonl_file.FORMAT
    key, row_hash = "k" * 40, "a" * 64
    assert hashlib.sha256(verifier.KEY_PREFIX + key.encode()).hexdigest()[
        :8
    ] == canonical.compute_key_id(key)
    assert verifier.hmac.new(
        key.encode(), verifier.ROW_PREFIX + row_hash.encode(), "sha256"
    ).hexdigest() == canonical.compute_mac(row_hash, key)


# RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize("vector", VECTORS)
def test_the_signatures_of_the_standard_are_right_and_each_change_breaks_them(vector):
    key, message, signature = map(bytes.fromhex, vector)
    number = int.from_bytes(signature[32:], "little")

    assert verifier.is_signed(key, message, signature)
    assert not verifier.is_signed(key, message + b"x", signature)
    assert not verifier.is_signed(key, message, signature[:-1])
    assert not verifier.is_signed(key, message, bytes([signature[0] ^ 1]) + signature[1:])
    assert not verifier.is_signed(
        key, message, signature[:40] + bytes([signature[40] ^ 1]) + signature[41:]
    )
    twin = signature[:32] + (number + verifier.ORDER).to_bytes(32, "little")
    assert not verifier.is_signed(key, message, twin), "each signature has one form only"
    assert not verifier.is_signed(b"\xff" * 32, message, signature)
    assert verifier.decode_point((verifier.PRIME + 1).to_bytes(32, "little")) is None, (
        "nor has a point a second one"
    )


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80))
def test_signatures_made_by_the_panels_library_are_right(seed, message):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()

    assert verifier.is_signed(public, message, key.sign(message))
    assert not verifier.is_signed(
        public, message, Ed25519PrivateKey.from_private_bytes(b"o" * 32).sign(message)
    )


def test_the_verifier_is_one_file_for_the_oldest_python_that_it_names():
    source = VERIFIER.read_text("ascii")

    ast.parse(source, feature_version=(3, 8))
    modules = {name.partition(".")[0] for name in imports_of(source)}
    assert modules <= sys.stdlib_module_names
