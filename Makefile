# Microlith. `make help` lists what there is. GNU make 4.3 or newer.
#
# Variables, on the command line: N=3 (a stage; `make test-stage 3` is the same),
# DIR=mine (the folder that holds your src/), EX=03_1_name (an exercise), FORCE=1,
# HOST=, PORT=, PYTHON= (which Python makes .venv), VENV=, WORKERS= (test processes).

SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DEFAULT_GOAL := help
# Goals share build/ and .venv: `make -j` is welcome and runs them one by one.
.NOTPARALLEL:

VENV := .venv
WORKERS := 2
HOST ?= 127.0.0.1
PORT ?= 8000
PY := $(VENV)/bin/python
DEV := $(VENV)/.dev-pins
BROWSER := $(VENV)/.browser-pins
BENCH_VENV := build/bench-venv
BENCH_PY := $(BENCH_VENV)/bin/python
BENCH := $(BENCH_VENV)/.bench-pins

# -- which Python ---------------------------------------------------------------
# python3 if it is one of the versions that the pins were tried on, else one of
# those by its name, else a newer python3. Each is called: a name on PATH may be a
# shim that fails. Found once, and only when a recipe asks.

define FIND_PYTHON
for p in python3 python3.13 python3.12 python3.11; do \
  if "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; \
  then echo "$$p"; exit; fi; \
done 2>/dev/null; \
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
then echo python3; fi
endef

ifeq ($(strip $(value PYTHON)),)
override PYTHON = $(eval override PYTHON := $(shell $(FIND_PYTHON)))$(PYTHON)
endif

NO_PYTHON := Microlith needs Python 3.11, 3.12 or 3.13 and found none. See `make \
  doctor`, or name one: make PYTHON=/path/to/python3.13 …
FITS = import sys; sys.exit(sys.version_info < (3, 11))
fits = $(shell "$(PYTHON)" -c '$(FITS)' >/dev/null 2>&1 && echo yes)
need-python = $(if $(strip $(PYTHON)),$(if $(fits),,$(error PYTHON=$(PYTHON) is no \
  Python 3.11 or newer that runs)),$(error $(NO_PYTHON)))

# -- which stage ----------------------------------------------------------------
# `make test-stage 3`: make takes the 3 for a goal of its own. Such a goal does
# nothing, and it is there only when the first goal takes a stage: in every other
# case, and for every other word, an unknown goal stays an error.

TAKES_STAGE := test-stage stage start diff-stage mine
DIGITS := 0 1 2 3 4 5 6 7 8 9
without-digits = $(if $2,$(call without-digits,$(subst $(firstword \
  $2),,$1),$(wordlist 2,10,$2)),$1)
is-number = $(if $1,$(if $(call without-digits,$1,$(DIGITS)),,yes))

STAGE :=
ifneq ($(filter $(TAKES_STAGE),$(MAKECMDGOALS)),)
  ifneq ($(filter $(TAKES_STAGE),$(firstword $(MAKECMDGOALS))),)
    NUMBERS := $(foreach goal,$(MAKECMDGOALS),$(if $(call \
      is-number,$(goal)),$(goal)))
.PHONY: $(sort $(NUMBERS))
$(sort $(NUMBERS)): ; @:
  else
    NUMBERS :=
  endif
  # An N in the environment is not meant for this command.
  ifeq ($(origin N),command line)
    NUMBERS += $(N)
    ifneq ($(call is-number,$(N)),yes)
      $(error N=$(N) is no stage: write a number, as in \
        `make $(firstword $(MAKECMDGOALS)) N=3`)
    endif
  endif
  ifneq ($(word 2,$(NUMBERS)),)
    $(error One stage at a time, not $(words $(NUMBERS)): $(strip $(NUMBERS)))
  endif
  ifeq ($(strip $(NUMBERS)),)
    $(error Which stage? Write `make $(firstword $(MAKECMDGOALS)) 3`)
  endif
  STAGE := $(strip $(NUMBERS))
endif

# Like N, these count only if they are written on the command line.
given = $(filter command line,$(origin $1))
ifeq ($(call given,DIR),)
override DIR := mine
DIR_OPTION :=
else
DIR_OPTION = --dir "$$DIR"
endif
export DIR HOST PORT

STAGES = $(foreach file,$(sort $(wildcard stages/*/stage.toml)),$(firstword \
  $(subst _, ,$(patsubst stages/%/stage.toml,%,$(file)))))

.PHONY: help serve test test-stage test-exercise stage start diff-stage mine \
  absorb check lint format types check-stages check-book docs doctor clean \
  interop bench bench-full

# -- for readers ----------------------------------------------------------------

help: ## list the commands
	@echo 'Microlith: the commands (each sets up $(VENV) by itself when it needs it)'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	  while IFS='|' read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

serve: $(DEV) ## build the book; Microlith serves it on port 8000 (PORT=, HOST=)
	@PYTHONPATH=final/src $(PY) -m tools.serve --host "$$HOST" --port "$$PORT"

test: $(DEV) ## run every test that this machine can run
	@$(if $(CHROMIUM),$(MAKE) $(BROWSER))
	@$(PY) -m tools.suite --workers $(WORKERS)

test-stage: $(DEV) ## test stages 1..N: make test-stage 3 (DIR=mine: your own code)
	@$(PY) -m tools.stages test $(STAGE) $(DIR_OPTION)

test-exercise: $(DEV) ## test one exercise: make test-exercise EX=03_1_name (DIR=)
	@$(if $(call given,EX),,$(error Which exercise? \
	  `make test-exercise EX=03_1_name`))
	@$(PY) -m tools.stages exercise "$$EX" $(DIR_OPTION)

stage: ## compose the finished stage in build/NN: make stage 3
	@$(need-python)$(PYTHON) -m tools.stages compose $(STAGE)

start: $(DEV) ## write the start of stage N: make start 3 (DIR=mine, FORCE=1)
	@$(PY) -m tools.stages start $(STAGE) --into "$$DIR" \
	  $(if $(filter 1,$(if $(call given,FORCE),$(FORCE))),--force)

diff-stage: ## show what a stage changes: make diff-stage 3
	@$(need-python)$(PYTHON) -m tools.stages diff $(STAGE)

mine: $(DEV) ## compare mine/ with stage N: make mine 3 (DIR=, HINT=2, SHOW=1)
	@$(PY) -m tools.stages mine $(STAGE) --dir "$$DIR"

doctor: ## say what this machine lacks and how to get it
	@for p in $(PYTHON) python3; do \
	  if "$$p" -c '' 2>/dev/null; \
	  then exec "$$p" -m tools.doctor --venv $(VENV) --host "$$HOST" --port "$$PORT"; \
	  fi; echo "$$p does not run"; done; \
	echo '  MISSING   Python      no Python that runs'; \
	echo '                        -> apt install python3 python3-venv'; exit 1

bench: $(BENCH) ## measure Microlith beside its peers: a few minutes
	@$(BENCH_PY) -m benchmarks

bench-full: $(BENCH) ## the same in full: about an hour, on an idle machine
	@$(BENCH_PY) -m benchmarks --full

# -- for contributors -----------------------------------------------------------

interop: $(DEV) ## run other people's servers and frameworks with Microlith
	@$(PY) -m tools.interop

docs: $(DEV) ## build the book into build/site
	@$(PY) -m tools.book build

absorb: ## carry edits of final/src down into their stages
	@$(need-python)$(PYTHON) -m tools.stages absorb

check: lint types check-stages check-book ## lint, types, ladder and book

lint: $(DEV) ## ruff: rules and format
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check .

format: $(DEV) ## rewrite the sources in the house format
	@$(PY) -m ruff check --quiet --fix .
	@$(PY) -m ruff format .

types: $(DEV) ## mypy --strict: final, tools, benchmarks, every stage by itself
	@echo 'mypy: final, its examples, tools, benchmarks'
	@MYPYPATH=final/src $(PY) -m mypy final/src tools benchmarks
	@MYPYPATH=final/src:final/examples $(PY) -m mypy -p notes
	@for n in $(STAGES); do echo "mypy: stage $$n"; \
	  $(PY) -m tools.stages compose $$n >/dev/null || exit 1; \
	  $(PY) -m mypy --cache-dir .mypy_cache/$$n build/$$n/src build/$$n/demo.py \
	    || exit 1; done

check-stages: $(DEV) ## the checks of the ladder: layers, budgets, red gate, drills
	@$(PY) -m tools.stages check

check-book: $(DEV) ## the checks of the book: narration, recordings, links
	@$(PY) -m tools.book check

clean: ## remove what the commands made, apart from .venv and mine/
	@rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find final stages tests tools -type d \
	  \( -name __pycache__ -o -name .mypy_cache -o -name .ruff_cache \
	  -o -name .pytest_cache -o -name .hypothesis -o -name '*.egg-info' \) \
	  -prune -exec rm -rf {} +

# -- the environment ------------------------------------------------------------
# The stamps are newer than the pins they stand for. A .venv whose Python is gone
# (a link into an uninstalled version) is made anew.

ifneq ($(shell test -x '$(PY)' && echo yes),yes)
.PHONY: $(DEV)
endif

$(DEV): requirements/dev.txt
	@$(need-python)$(PYTHON) -m tools.bootstrap --venv $(VENV) $<
	@touch $@

CHROMIUM = $(shell $(PY) -c 'from tools.doctor import find_chromium as find; \
  print(find() or "")')

$(BROWSER): requirements/browser.txt $(DEV)
	@$(need-python)$(PYTHON) -m tools.bootstrap --venv $(VENV) $<
	@touch $@

ifneq ($(shell test -x '$(BENCH_PY)' && echo yes),yes)
.PHONY: $(BENCH)
endif

$(BENCH): requirements/bench.txt
	@$(need-python)$(PYTHON) -m tools.bootstrap --venv $(BENCH_VENV) $<
	@touch $@
