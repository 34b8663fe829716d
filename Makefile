# make run      everything, on http://127.0.0.1:8000 (PORT=8001 make run for another port)
# make test     every test, against real parts, in as many processes as there are cores (four at
#               most);  ARGS="tests/core -x" chooses
# make test-vllm  the engine's tests against real vLLM on the CPU (x86-64 Linux, Python 3.11; 3.5 GB)
# make bench    the benchmarks (see benchmarks/README.md), into .run/bench.json;  ARGS="sequencer" chooses
# make lint     formatting, style, types, layers
# make catalogues  brings locale/ up to the source's texts, and compiles it
# make clean    removes all that the others have installed and kept
#
# MAGISTRAL_VENV names a virtual environment that somebody else looks after.

VENV := $(or $(MAGISTRAL_VENV),.venv)
PYTHON_RUNS := sh quickstart/python.sh -m
IN_VENV := $(VENV)/bin/python -m
INSTALL = $(if $(MAGISTRAL_VENV),:,$(PYTHON_RUNS) quickstart.bootstrap)
PARALLEL := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# What the type checker needs to read the settings; nothing is connected to.
LINT_SETTINGS := SECRET_KEY=lint DATABASE_URL=postgresql:///lint

.PHONY: run test test-vllm bench lint catalogues clean

run:
	@$(INSTALL) quickstart
	@exec $(IN_VENV) quickstart

test:
	@$(INSTALL) development
	@$(IN_VENV) quickstart.chromium
	@exec $(IN_VENV) pytest $(PARALLEL) $(ARGS)

test-vllm:
	@$(INSTALL) development
	@$(IN_VENV) quickstart.vllm
	@exec $(IN_VENV) pytest -n0 -m vllm tests/vllm $(ARGS)

bench:
	@$(INSTALL) development
	@exec $(IN_VENV) benchmarks $(ARGS)

lint:
	@$(INSTALL) development
	@$(IN_VENV) ruff format --check .
	@$(IN_VENV) ruff check .
	@$(LINT_SETTINGS) $(IN_VENV) mypy
	@$(VENV)/bin/lint-imports

catalogues:
	@$(INSTALL) development
	@$(IN_VENV) catalogues

clean:
	@$(PYTHON_RUNS) quickstart.cleaning
