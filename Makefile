# `make demo` and `make test` set up everything they need: Python 3.11 or later and a package registry suffice.

PYTHON ?= python3
PORT ?= 8000
REQUIRE ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
MINUTES ?= 30
SOAK_ARGS ?=
export REQUIRE

BIN := .venv/bin
RANDOM_KEY = $$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))')
AS_PRODUCTION = @env -u DEBUG -u ALLOW_HTTP SECRET_KEY="$(RANDOM_KEY)" AUDIT_KEY="$(RANDOM_KEY)" \
	ALLOWED_HOSTS=panel.example DATABASE_URL=sqlite://:memory: PING_API_KEY="$(RANDOM_KEY)" AGI_API_KEY="$(RANDOM_KEY)"
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo dev test quick check promises bench screenshots soak

help:
	@echo "make demo    the panel with simulated upstreams at http://127.0.0.1:$(PORT)/ (PORT=8000)"
	@echo "make dev     the same, reloading when a file changes"
	@echo "make test    the whole suite (REQUIRE=browser,openid,postgres,promtool,nginx,systemd allows no skip, PYTEST_ARGS=...)"
	@echo "make quick   all that needs no process, browser or server, in less than a minute"
	@echo "make check   lint, formatting, types, scanners, templates, migrations, deploy check"
	@echo "make promises  each promise of docs/promises.md, with the tests that show it"
	@echo "make bench   every goal of speed and size beside its baseline, in under ten minutes (BENCH_ARGS=...)"
	@echo "make screenshots  the pictures of the docs, of a running demo, light and dark"
	@echo "make soak    people, kills, full disk, failing upstreams; counts at the end (MINUTES=30, Linux)"

demo: .venv/runtime.stamp
	@exec $(BIN)/python manage.py demo --port $(PORT)

dev: .venv/runtime.stamp
	@exec $(BIN)/python manage.py demo --port $(PORT) --reload

test: .venv/dev.stamp $(if $(shell command -v npm),.venv/openid.stamp)
	@exec $(BIN)/pytest -n 3 --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

quick: .venv/dev.stamp
	@exec $(BIN)/pytest -n 2 -m "not server" $(PYTEST_ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r pingadmin
	$(BIN)/python -m tests.support.source_rules
	$(BIN)/djlint --lint --quiet templates
	$(AS_PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	$(AS_PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

promises: .venv/dev.stamp
	@exec $(BIN)/python -m tests.support.promises $(PYTEST_ARGS)

bench: .venv/bench.stamp
	@exec $(BIN)/python -m tests.bench $(BENCH_ARGS)

screenshots: .venv/dev.stamp
	@exec $(BIN)/python -m tests.support.screenshots

soak: .venv/dev.stamp
	@exec $(BIN)/python -m tests.soak --minutes $(MINUTES) $(SOAK_ARGS)

.venv/bench.stamp: .venv/dev.stamp requirements-bench.txt
	$(INSTALL) -r requirements-bench.txt
	@touch $@

# A real OpenID provider for the tests of single sign-on; without npm they are skipped, and say so.
.venv/openid.stamp: $(wildcard tests/support/openid_provider/*.*) | .venv/dev.stamp
	@mkdir -p .venv/openid
	cp tests/support/openid_provider/package.json tests/support/openid_provider/provider.mjs .venv/openid/
	@cd .venv/openid && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts && touch ../openid.stamp || \
		echo "npm could not install it: its tests are skipped, unless REQUIRE names openid"

.venv/dev.stamp: .venv/runtime.stamp requirements-dev.txt
	$(INSTALL) -r requirements-dev.txt
	@touch $@

.venv/runtime.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "pingadmin needs Python 3.11 or later. Name one: make PYTHON=python3.11 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -r requirements.txt
	@touch $@
