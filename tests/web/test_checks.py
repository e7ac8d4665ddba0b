"""`manage.py check --deploy` has nothing to say about production settings, and something about
others.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from pingadmin.config.secret import Secret
from pingadmin.web import checks

# It starts processes.
pytestmark = pytest.mark.server

ROOT = Path(__file__).resolve().parents[2]


def manage(*words, **environment) -> subprocess.CompletedProcess:
    base = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "pingadmin.settings"}
    production = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "AUDIT_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "panel.example",
    }
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=base | production | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_production_settings_pass_without_a_word():
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stdout) == (
        0,
        "System check identified no issues (2 silenced).\n",
    ), done.stderr


def test_a_try_over_http_does_not_pass():
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING", ALLOW_HTTP="true", ALLOWED_HOSTS="localhost"
    )
    assert done.returncode == 1 and "pingadmin.W001" in done.stderr


def test_no_model_waits_for_a_migration():
    done = manage("makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout


def test_debug_is_an_error(settings):
    settings.DEBUG = True
    assert [found.id for found in checks.check_debug_is_off(None)] == ["pingadmin.E001"]


def test_a_sample_or_shared_audit_key_is_an_error(settings):
    for key in ("debug-only-" + "a" * 40, "short", settings.SECRET_KEY):
        settings.AUDIT_KEY = Secret(key)
        assert [found.id for found in checks.check_audit_key(None)] == ["pingadmin.E002"]


def test_a_directory_that_cannot_be_written_is_a_warning(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "made" / "later"
    settings.CHECKPOINT_FILE = tmp_path / "a file" / "checkpoints.jsonl"
    assert checks.check_writable_directories(None) == []
    (tmp_path / "a file").touch()
    found = checks.check_writable_directories(None)
    assert [message.id for message in found] == ["pingadmin.W004"]
    assert "CHECKPOINT_FILE" in found[0].msg


def test_a_loosened_content_policy_is_an_error(settings):
    assert checks.check_content_security_policy(None) == []
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {**directives, "style-src": ["'unsafe-inline'"]}
    }
    assert [found.id for found in checks.check_content_security_policy(None)] == ["pingadmin.E003"]
