# A variable left over in somebody's shell must not send load to a real server.
$(foreach name,$(filter DATABASE_URL ENCRYPTION_KEY STRESS_%,$(.VARIABLES)),$(eval unexport $(name)))

PYTHON ?= python3
SET_UP = $(PYTHON) scripts/set_up.py

.DEFAULT_GOAL := help
.PHONY: help run test bench check wheel clean

help:           ## one line per target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 20

run:            ## set up, then stress heavy --procs 4 on an embedded PostgreSQL
	@$(SET_UP)
	@.venv/bin/stress heavy --procs 4

test:           ## set up, then the whole test suite
	@$(SET_UP) dev
	@.venv/bin/python -m pytest

bench:          ## set up, then every benchmark beside its peers (NAME=one runs one); writes build/bench.json
	@$(SET_UP) dev bench
	@NAME="$(NAME)" .venv/bin/python -m benchmarks

check:          ## lint, types, formatting
	@$(SET_UP) dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@PATH=".venv/bin:$$PATH" cython-lint _timing resolver
	@.venv/bin/mypy
	@.venv/bin/python -m mypy.stubtest --mypy-config-file pyproject.toml --ignore-missing-stub --concise $(STUBS)

STUBS = $(subst /,.,$(basename $(wildcard _timing/*.pyi resolver/cache/*.pyi)))

wheel:          ## build the wheel into dist/
	@$(SET_UP)
	@PIP_CACHE_DIR=.cache/pip .venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:          ## remove everything that was built or installed
	rm -rf .venv .cache build dist *.egg-info
	find _timing resolver \( -name '*.so' -o -name '*.c' \) -delete
