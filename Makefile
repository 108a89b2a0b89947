# The commands of developers. Each target installs what it needs into $(VENV); only
# Python 3.11 or newer, git and make must be installed.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$p" && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The options of `instantly-mcp run` for `make run`: the sandbox by default. Example:
#   make run RUN="--api-key-file key.txt"
RUN ?= --sandbox
TESTS ?= tests

# Folder for the programs of `make conformance`, `make clients` and `make agents`, which
# need npm.
WORK := .ci/work

.PHONY: run test test-all lint format types bench conformance mutants clients agents \
	clients-all bundle docs pictures build clean

run: $(VENV)/.installed
	@exec $(BIN)/python -m instantly_mcp run $(RUN)

test: $(VENV)/.installed-dev
	@$(BIN)/python -m tests $(TESTS)

# Also runs the tests that need other programs (tests/support/programs.py); they fail
# when a program is missing.
test-all: $(VENV)/.installed-dev agents
	@$(BIN)/python -m tests --all $(TESTS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

# Runs the official conformance suite against the server of tests/conformance.
conformance: $(VENV)/.installed-dev $(WORK)/npm/conformance/.installed
	$(BIN)/python -m tests.conformance.run \
		--npm $(WORK)/npm/conformance --work $(WORK)/conformance

# Breaks one rule of the protocol at a time, and writes docs/mutants.md. To run the
# conformance suite on the broken rules, too:
#   make conformance; make mutants MUTANTS="--suite .ci/work/npm/conformance"
mutants: $(VENV)/.installed-dev
	$(BIN)/python -m tests.mutants $(MUTANTS)

# Installs the MCP clients of tests/clients, for `make test-all`.
clients: $(WORK)/npm/clients/.installed $(WORK)/mcp-v1/.installed \
	$(WORK)/frameworks/.installed

# Installs the programs of tests/agents, for `make test-all`; they need the Node of clients.
agents: clients $(WORK)/npm/agents/.installed

# Drives third-party clients, each in an environment of its own, and writes the table in
# docs/clients.md. For some of them only: make clients-all CLIENTS="fastmcp agno"
clients-all: $(VENV)/.installed-dev
	$(BIN)/python -m tests.clients_all $(CLIENTS)

# Writes the extension for Claude Desktop into dist/. With the address that it suggests:
#   make bundle URL=https://mcp.example.com/mcp
bundle: $(VENV)/.installed
	@mkdir -p dist
	@$(BIN)/instantly-mcp bundle --out dist/instantly-mcp.mcpb $(if $(URL),--url '$(URL)')

docs: $(VENV)/.installed
	$(BIN)/instantly-mcp tools --markdown > docs/tools.md
	$(BIN)/python -m instantly_mcp.cli.reference docs/operations.md
	$(BIN)/python -m instantly_mcp.cli.connect_manual docs/connect.md

# Takes a picture of each page; needs Chromium. PICTURES=--all takes each one on a phone
# and on a wide screen, light and dark.
pictures: $(VENV)/.installed-dev
	$(BIN)/python -m tests.web.pictures docs/images $(PICTURES)

# Builds the sdist and the wheel into dist/.
build: $(VENV)/.installed-dev
	rm -rf build dist
	$(BIN)/python -m build --quiet
	@ls dist

clean:
	rm -rf $(VENV) $(WORK) build dist *.egg-info _trial_temp*

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is needed (make PYTHON=...)" >&2; exit 1; }
	@# Without python3-venv, Debian creates an incomplete environment: remove it.
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: setup.py | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: setup.py $(VENV)/.installed
	$(PIP) --editable '.[test,dev]'
	@touch $@

$(WORK)/npm/%/.installed: tests/%/package.json tests/%/package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed" >&2; exit 1; }
	@mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --no-audit --no-fund --loglevel=error
	! test -e $(@D)/node_modules/node || $(@D)/node_modules/.bin/node --version
	@touch $@

$(WORK)/mcp-v1/.installed: tests/clients/requirements-v1.txt
$(WORK)/frameworks/.installed: tests/clients/requirements-frameworks.txt
$(WORK)/mcp-v1/.installed $(WORK)/frameworks/.installed: | $(BIN)/python
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
