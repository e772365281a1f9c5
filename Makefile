# Latchmile's commands. `make` alone lists them. Everything sets itself up first, which costs a moment once.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
# Debian keeps mosquitto in /usr/sbin, which is not on everybody's path.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
# Compiled modules are kept beside their sources (git ignores them), even where a container's image turned that off: the
# tests and the demo start so many processes that compiling it all anew in each costs more than what they do.
unexport PYTHONDONTWRITEBYTECODE

# What `make demo` listens to, in the environment or on the command line: make demo DURATION=60 PORT_BASE=9100.
# make hands both on by itself; an explicit export would hand on empty strings for what nobody has set.
STATE_DIR ?= .demo
export STATE_DIR

# What `make sim SEED=n` simulates; without SEED it runs lockers in real time.
SEED ?=
LOCKERS ?= 5
HOURS ?= 8

# Peers that only the routing benches need: installed when one is first run.
BENCH_REQUIREMENTS = $(PY) -c 'import ortools, pyvrp' 2>/dev/null || \
	$(PY) -m pip install -q --require-hashes -r requirements/bench.txt

.PHONY: help setup demo demo-reset test coverage lint format sim sim-night mutants crash-points torture survives week bench bench-routing bench-city

help: ## List the commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install everything the other commands need (a second run is instant)
	@scripts/setup.sh test

demo: ## Live a day of a city's lockers (DURATION, SPEED, STATE_DIR, PORT_BASE)
	@scripts/setup.sh demo
	@exec $(PY) -m demo

demo-reset: ## Forget the demo's state, so that the next one begins anew
	@scripts/demo-reset.sh

test: ## Lint, types, dependency law, all tests, coverage gates
	@scripts/setup.sh test
	@exec $(PY) scripts/check.py

coverage: ## How much of everything the short tests cover
	@scripts/setup.sh test
	@exec $(PY) scripts/check.py --coverage

lint: ## Only lint, types and dependency law
	@scripts/setup.sh demo
	@exec $(PY) scripts/check.py --lint-only

format: ## Put the sources into the house's form
	@scripts/setup.sh demo
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format --quiet .

sim: ## Replay a world: make sim SEED=7 LOCKERS=5 HOURS=48 (ARGS=--shrink for a shorter story); or run lockers: make sim ARGS="--help"
	@scripts/setup.sh demo
	@if [ -n "$(SEED)" ]; then exec $(PY) -m firmware_sim.world --seed "$(SEED)" --lockers "$(LOCKERS)" --hours "$(HOURS)" $(ARGS); \
	else exec .venv/bin/latchmile-sim $(ARGS); fi

sim-night: ## Live through a million locker-hours on all cores (SEEDS=100 HOURS=24 for less)
	@scripts/setup.sh demo
	@exec $(PY) -m firmware_sim.world.night $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(filter command environment,$(word 1,$(origin HOURS))),--hours $(HOURS)) \
		$(if $(filter command environment,$(word 1,$(origin LOCKERS))),--lockers $(LOCKERS)) $(ARGS)

mutants: ## Plant one bug after the other and show who catches it (ARGS="--why")
	@scripts/setup.sh test
	@exec $(PY) -m tests.simulation.mutants $(ARGS)

crash-points: ## night: cut the power twice, at every pair of moments of every scenario (ARGS="--scenario pick-up")
	@scripts/setup.sh test
	@exec $(PY) -m tests.power --double $(ARGS)

survives: ## Measure what the system survives and write README's table anew
	@scripts/setup.sh test
	@exec $(PY) -m scripts.survives $(ARGS)

torture: ## Kill agents, cloud and broker with people at the doors: make torture KILLS=1000 SEED=7 (ARGS="--help")
	@scripts/setup.sh test
	@exec $(PY) -m tests.process.torture --kills "$(or $(KILLS),1000)" $(if $(SEED),--seed "$(SEED)") $(ARGS)

week: ## night: live a city's week by each policy for failed attempts: make week DAYS=7 PARCELS=1000 SEED=7 (DAYS=1 PARCELS=200 SECONDS=3 for a look)
	@scripts/setup.sh demo
	@exec $(PY) -m firmware_sim.policy_week $(if $(DAYS),--days "$(DAYS)") $(if $(PARCELS),--parcels "$(PARCELS)") \
		$(if $(SEED),--seed "$(SEED)") $(if $(SECONDS),--seconds "$(SECONDS)") $(if $(ROUNDS),--rounds "$(ROUNDS)") \
		$(if $(CORES),--cores "$(CORES)") $(ARGS)

bench-routing: ## Tables of all solvers on ../shared/data (SECONDS, LIMIT, CORES), or lines of one: make bench-routing DATA=folder SET=vrpdo SECONDS=10 SOLVER=joint
	@scripts/setup.sh demo
	@$(if $(filter joint vroom,$(or $(SOLVER),$(if $(SET),joint))),:,$(BENCH_REQUIREMENTS))
	@exec $(PY) -m bench.routing $(if $(DATA),"$(DATA)") $(if $(SET),--set "$(SET)") $(if $(SOLVER),--solver "$(SOLVER)") \
		$(if $(SECONDS),--seconds "$(SECONDS)") $(if $(LIMIT),--limit "$(LIMIT)") $(if $(CORES),--cores "$(CORES)") $(ARGS)

bench-city: ## Plan a generated city day by us and by PyVRP and VROOM: make bench-city PARCELS=1000 SECONDS=60 (ARGS="--help")
	@scripts/setup.sh demo
	@$(BENCH_REQUIREMENTS)
	@exec $(PY) -m bench.city --parcels "$(or $(PARCELS),1000)" --seconds "$(or $(SECONDS),60)" \
		$(if $(CORES),--cores "$(CORES)") $(if $(SEED),--seed "$(SEED)") $(ARGS)

bench: ## Measure against the limits of the same machine (ARGS="--help")
	@scripts/setup.sh demo
	@exec $(PY) -m bench $(ARGS)
