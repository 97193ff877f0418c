# Needs Python 3.11 or newer and make; every target makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STEADY := tests/acceptance/test_steady_run.py

# Tests with real servers wait far more than they compute. Handed out one by one, in order, so that
# the long ones, which come first, are not left to the end.
ONE_BY_ONE := --dist load --maxschedchunk 1
SIDE_BY_SIDE := --numprocesses 4 $(ONE_BY_ONE)

.PHONY: demo test test-unit check bench images simulate soak soak-tables soak-steady test-lowest clean

demo: $(VENV)/demo
	$(BIN)/queue-monitor demo

test: $(VENV)/ready
	$(BIN)/pytest $(SIDE_BY_SIDE)

test-unit: $(VENV)/ready
	$(BIN)/pytest --numprocesses auto tests/unit

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready
	$(BIN)/python -m bench

# The pictures of the page, after an hour of the demo's traffic.
images: $(VENV)/ready
	$(BIN)/python docs/images/make.py

# The table of docs/scaling.md; five minutes.
simulate: $(VENV)/ready
	$(BIN)/python -m bench.simulation

# The long tables, in full, and the properties with examples drawn anew, and beside them half an
# hour in which nothing is wrong; `make test` holds every claim once, and always the same.
soak: $(VENV)/ready
	$(MAKE) --jobs 2 --output-sync=target soak-tables soak-steady

soak-tables:
	$(BIN)/pytest --numprocesses 2 --hypothesis-profile default tests/unit
	$(BIN)/pytest -m soak --numprocesses 2 $(ONE_BY_ONE) --timeout 2400 --ignore $(STEADY)

soak-steady:
	$(BIN)/pytest -m soak --timeout 2400 -s $(STEADY)

# With the oldest libraries that pyproject.toml allows: unit and broker tests, and those that run the
# reference app, for which Pillow, Django and Flower are there.
test-lowest: $(VENV)/ready
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/pip install -q -r constraints-lowest.txt -e '.[test]'
	$(VENV)-lowest/bin/pytest $(SIDE_BY_SIDE) tests/unit tests/broker \
		tests/acceptance/test_reference_app.py tests/acceptance/test_django.py tests/real/test_flower.py

clean:
	rm -rf $(VENV) $(VENV)-lowest build dist

# Only what the demo needs, to be there within a minute.
$(VENV)/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(VENV)/ready: $(VENV)/demo
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,demo]'
	touch $@
