# make bench   a first comparison table           make test   every check that CI runs
# Both set up .venv with the locked versions first. Another interpreter: make PYTHON=python3.12 …

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
READY := $(VENV)/.ready
LOCKS := requirements-build.lock requirements.lock

SUPPORTED := import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit( \
	"smjax needs Python 3.11 to 3.13, found %d.%d; name one: make PYTHON=python3.12" % v)
HAS_VENV := import sys, importlib.util as u; u.find_spec("ensurepip") or sys.exit( \
	"smjax needs Python with venv and pip, found one without; install the package python3-venv")

.PHONY: bench test lint setup lock clean

bench: $(READY)
	$(BIN)/python -m smjax.run -m threads=1,4 ctx=256,1024

test: lint
	$(BIN)/python -m pytest -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(READY)

# The build tools come first: nothing is then fetched that the locks do not name, not even to build a package.
$(READY): pyproject.toml $(LOCKS)
	@command -v $(PYTHON) >/dev/null || { echo "smjax needs $(PYTHON), found none; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)'
	@$(PYTHON) -c '$(HAS_VENV)'
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install -q --require-hashes --no-deps -r requirements-build.lock
	$(PIP) install -q --require-hashes --no-deps --no-build-isolation --use-pep517 -r requirements.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

# For maintainers, after a change of dependencies: asks the registry for the newest versions that pyproject allows.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/pip-compile --quiet --upgrade --generate-hashes \
	--allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

lock: $(READY)
	$(PYTHON) -m venv --clear $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install -q pip-tools
	$(COMPILE) -o requirements-build.lock requirements-build.in
	$(COMPILE) --extra test -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
	find smjax tests -name __pycache__ -type d -prune -exec rm -rf {} +
