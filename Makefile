# make search, make test: each sets up what it needs first. Nothing but Python 3.11 to 3.13 and make is required.
# The newest of them that is there is taken, unless PYTHON names one.

TRIALS ?= 50
VENV := .venv
RUN := $(VENV)/bin/python
# The locks name every package, so pip has nothing to resolve; asked to, it would meet a release younger than the lock and refuse it.
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet --no-deps

# What module systems and other projects set: packages would be looked for, or put, elsewhere than in the environment.
unexport PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTHONWARNINGS PIP_TARGET PIP_PREFIX PIP_ROOT PIP_SRC PIP_CONSTRAINT
unexport PIP_REQUIREMENT PIP_NO_BINARY PIP_PLATFORM PIP_PYTHON PIP_PYTHON_VERSION PIP_IMPLEMENTATION PIP_ABI PIP_DRY_RUN
unexport PIP_IGNORE_INSTALLED PIP_PRE PIP_REPORT
export PIP_USER := 0

.PHONY: search setup dashboard test test-thorough test-all coverage chaos cluster-test check bench screenshots fix lock clean FORCE

search: setup
	$(RUN) -m search.run --trials $(TRIALS)

dashboard: setup
	$(RUN) -m streamlit run dashboard/app.py

setup: $(VENV)/.installed

# An environment whose Python is another one, or was removed since, is made anew.
$(VENV)/.installed: requirements.lock pyproject.toml $(if $(shell $(RUN) -V 2>/dev/null),,FORCE)
	@python=$$(sh deploy/python.sh $(PYTHON)) || exit; \
	echo "Installing into $(VENV) with $$python (2 to 3 minutes the first time)"; \
	clear=; [ "$$($$python -V)" = "$$($(RUN) -V 2>&1)" ] || clear=--clear; \
	$$python -m venv $$clear $(VENV)
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

FORCE:

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@$(PIP) --require-hashes --requirement requirements-dev.lock
	@touch $@

# Two processes. Both have the order that tests/conftest.py gives the tests.
PYTEST := $(RUN) -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder
test: $(VENV)/.installed-dev
	$(PYTEST)

# What takes longer: chaos, hosts made of network namespaces, every sampler with every pruner, the other form of each promise.
test-thorough: $(VENV)/.installed-dev
	$(PYTEST) -m thorough

test-all: test test-thorough

# Which lines no test of `make test` ran; tracing makes it half as slow again. Only the tests' own process is traced.
coverage: $(VENV)/.installed-dev
	$(RUN) -m pytest --cov --cov-report=term-missing:skip-covered

# About half an hour: kills what a search is made of, on SQLite and PostgreSQL in turn, and checks every study.
CHAOS := --driver 50 --worker 20 --raylet 10 --gcs 5 --ray 5 --storage 10 --signal 10 --rival 5
chaos: $(VENV)/.installed-dev
	$(RUN) tests/chaos/chaos.py $(CHAOS)

# Hosts that are network namespaces: needs root, and Debian's iproute2, openssh-server and rsync.
cluster-test: $(VENV)/.installed-dev
	$(RUN) -m pytest -m "long or thorough or not long" tests/cluster

check: $(VENV)/.installed-dev
	$(RUN) -m pip --disable-pip-version-check check
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

# About 105 minutes; each command can be run alone. The figures go into benchmarks/RESULTS.md.
BENCHMARKS := engine precision search quality verdicts calibration whole driver memory dashboard
bench: $(VENV)/.installed-dev
	@for name in $(BENCHMARKS) "search --network cnn" "driver --workers 16,64"; do $(RUN) -m benchmarks.$$name || failed=1; done; exit $${failed:-0}

# The documents' pictures of the dashboard; needs Chromium and a search that is done. STUDY: the newest one.
RUNS ?= runs
INTO ?= docs
screenshots: $(VENV)/.installed-dev
	$(RUN) -m tests.browser.screenshots --runs $(RUNS) --study "$(STUDY)" --into $(INTO)

fix: $(VENV)/.installed-dev
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

# Needs uv. Resolves for every supported Python and platform at once; no index address is written.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11
lock:
	$(LOCK) pyproject.toml --extra cluster --extra postgres --output-file requirements.lock
	$(LOCK) pyproject.toml --extra bench --extra postgres --extra export --extra auth --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage
