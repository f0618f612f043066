# Two commands matter: `make four-worlds` (the main job) and `make test` (the gate).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n 2 --max-worker-restart 1
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start many processes: each would compile this package's source anew where Python may not keep what it compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup four-worlds test fast nightly lint format schema docs benchmarks clean

setup: $(VENV)/.ready  ## make the environment in .venv

$(VENV)/.ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt -e ".[train]" --group dev  # compiled when imported
	touch $@

four-worlds: setup  ## train and evaluate in Jervis's four worlds; ARGS="--seeds 20" and the like
	$(BIN)/security-dilemma four-worlds $(ARGS)

test fast nightly: export OMP_NUM_THREADS := 1

test: lint  ## the gate: formatting, lint, types and every test but the nightly ones
	$(PYTEST) -m "not nightly"

fast: setup  ## the tests that take seconds
	$(PYTEST) -m "not slow and not nightly"

nightly: lint  ## every test, hours of learning included
	$(PYTEST) -o faulthandler_timeout=0

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: setup  ## write configs/schema.json from the config's types
	$(BIN)/python -m security_dilemma_training.config_schemas

docs: setup  ## build the site, build/docs/index.html, and write the environment's page from the code
	$(BIN)/python -m docs.generators.environment
	$(BIN)/sphinx-build -E -W --keep-going -q -j auto -b html docs build/docs

benchmarks: setup
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf $(VENV) runs build/docs docs/notebooks docs/reference/generated .mypy_cache .ruff_cache .pytest_cache
