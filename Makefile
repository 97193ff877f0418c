# Needs Python 3.11 or newer and make; every target makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-unit check bench soak test-lowest clean

demo: $(VENV)/ready
	$(BIN)/queue-monitor demo

test: $(VENV)/ready
	$(BIN)/pytest -m "not soak"

test-unit: $(VENV)/ready
	$(BIN)/pytest tests/unit

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready
	$(BIN)/python -m bench

# The long tables, in full; `make test` holds every claim once.
soak: $(VENV)/ready
	$(BIN)/pytest -m soak --timeout 2400

# Unit and broker tests with the oldest libraries that pyproject.toml allows.
test-lowest: $(VENV)/ready
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/pip install -q -r constraints-lowest.txt -e '.[test]'
	$(VENV)-lowest/bin/pytest tests/unit tests/broker -m "not soak"

clean:
	rm -rf $(VENV) $(VENV)-lowest build dist

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev,demo]'
	touch $@
