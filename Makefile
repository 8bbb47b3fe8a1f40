# make bench   a first comparison table           make test   every check that CI runs (make quick: within a minute)
# Both set up .venv with the locked versions first. Another interpreter: make PYTHON=python3.12 …

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEPENDENCIES := $(VENV)/.dependencies
READY := $(VENV)/.ready
LOCKS := requirements-build.lock requirements.lock
SOURCES := pyproject.toml CMakeLists.txt $(shell find native -type f ! -path 'native/tests/*')
# An editable install maps the names of modules to files: it is outdated as soon as there are other files.
FILES := $(shell find smjax experiments native -name '*.py' -o -name '*.cc' -o -name '*.h' | LC_ALL=C sort | cksum | tr ' ' -)

.PHONY: bench test quick docs fuzz test-engines lint driver sanitize tsan arm64 setup lock clean FORCE

bench: $(READY)
	$(BIN)/python -m smjax.run -m threads=1,4 ctx=256,1024

# What drives a browser for the tests of report.html, by its lock; where it cannot be had they are skipped.
BROWSER := tests/browser/node_modules/.package-lock.json

$(BROWSER): tests/browser/package-lock.json
	@{ command -v npm && npm ci --fetch-retries 1 --fetch-timeout 30000 --prefix tests/browser; } >/dev/null 2>&1 || \
		echo "not installed: playwright-core, axe-core (npm); tests that need them are skipped" >&2

# Whole files side by side, on as many CPUs as there are up to four: what a file compiles serves all of its tests. In the
# order of tests/conftest.py: the file with the fewest tests, which would be the last one, takes the longest.
PYTEST := $(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: lint $(BROWSER)
	$(PYTEST)

# While working: all but what is marked slow.
quick: lint
	$(PYTEST) -m "not slow"

# The site, in site/: open site/index.html. A link or an anchor that leads nowhere is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# As many damaged files of every architecture and encoding as a night has room for, and every architecture in both kernels.
fuzz: $(READY)
	SMJAX_FUZZ=500 $(PYTEST) tests/core/models/test_metadata.py tests/worker/model/test_architectures.py

# The extras in the same environment, llama.cpp built from source for this machine, and the tests that need them. No lock
# names them.
EXTRA = import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["$(1)"])
REQUIRED = "$$($(BIN)/python -c '$(call EXTRA,$(1))')"

test-engines: $(READY)
	CMAKE_ARGS=-DGGML_NATIVE=ON $(PIP) install -q --no-binary llama-cpp-python --no-build-isolation \
		$(call REQUIRED,llama-cpp)
	$(PIP) install -q $(call REQUIRED,openvino)
	$(PIP) install -q "llama-cpp-python[server]"  # what its own server needs besides, for engine=openai
	$(BIN)/python -m pytest -q tests/worker/engines

CPP := $(shell find native -name '*.cc' -o -name '*.h')

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CPP)

# The tests of the C++ code alone: as it is installed, with sanitizers, and for another CPU.
driver sanitize tsan arm64: $(READY)
	$(BIN)/cmake -S . -B build/$@ -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja \
		-DSMJAX_STRICT=ON $(OPTIONS)
	$(BIN)/cmake --build build/$@ --target smjax_tests $(TARGETS)
	$(RUN) build/$@/smjax_tests

# The library too, with the headers of the locked jaxlib.
driver: OPTIONS := -DPython3_EXECUTABLE=$(abspath $(BIN))/python
driver: TARGETS := smjax_native
sanitize: OPTIONS := -DSMJAX_SANITIZE=address,undefined
tsan: OPTIONS := -DSMJAX_SANITIZE=thread
arm64: OPTIONS := -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
	-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_EXE_LINKER_FLAGS=-static
arm64: RUN := qemu-aarch64

setup: $(READY)

$(READY): $(DEPENDENCIES) $(SOURCES) $(if $(filter $(FILES),$(shell cat $(READY) 2>/dev/null)),,FORCE)
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@echo $(FILES) > $@

# The build tools come first: nothing is then fetched that the locks do not name, not even to build a package.
$(DEPENDENCIES): $(LOCKS)
	@command -v $(PYTHON) >/dev/null || { echo "smjax needs $(PYTHON), found none; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) supported.py
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install -q --require-hashes --no-deps -r requirements-build.lock || $(PYTHON) supported.py offline
	$(PIP) install -q --require-hashes --no-deps --no-build-isolation --use-pep517 -r requirements.lock || $(PYTHON) supported.py offline
	@touch $@

# For maintainers, after a change of dependencies: asks the registry for the newest versions that pyproject allows.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/pip-compile --quiet --upgrade --generate-hashes \
	--allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

lock: $(DEPENDENCIES)
	$(PYTHON) -m venv --clear $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install -q pip-tools
	$(COMPILE) -o requirements-build.lock requirements-build.in
	$(COMPILE) --extra test -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist site .mypy_cache .pytest_cache .ruff_cache
	find smjax tests -name __pycache__ -type d -prune -exec rm -rf {} +
