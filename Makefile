# What can be made here; `make` alone lists it.
#
#   make PYTHON=python3.12 test     choose the Python that .venv is made with
#   make iris ARGS="--seed 7"       hand options on to the experiment
#
# A target needs a set of packages, and gets that set and no more.  A set is
# a list in pyproject.toml, and a file .venv/has-SET says that it is there.
# A new target with a set of its own needs the list, `$(has)SET` behind its
# colon, and a line of help behind ##.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
has := $(VENV)/has-
made := $(VENV)/made-with-$(subst /,_,$(PYTHON))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help iris xor softmax_toy gradcheck test lint docs clean
.PHONY: torture portable matrix bench mutation

help:  ## list these targets
	@sed -n 's/^\([a-z_ ]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	while IFS='|' read -r names text; do for name in $$names; do \
	printf 'make %-13s%s\n' "$$name" "$$text"; done; done

iris: $(has)dependencies  ## learn Fisher's iris data, save, load and compare
	@$(RUN) experiments.py iris $(ARGS)

xor: $(has)dependencies  ## learn exclusive or, and draw the answer
	@$(RUN) experiments.py xor $(ARGS)

softmax_toy: $(has)dependencies  ## tell three clusters of points apart
	@$(RUN) experiments.py softmax_toy $(ARGS)

gradcheck: $(has)dependencies  ## check the gradient against measured slopes
	@$(RUN) experiments.py gradcheck $(ARGS)

test: $(has)dependencies $(has)test  ## run every example and every test
	@$(RUN) -m pytest -q -n 2 $(ARGS)
	@echo "Everything held: the examples, and the tests."

torture: $(has)dependencies $(has)test  ## crash, damage and fuzz for minutes
	@$(RUN) tests/torture.py $(ARGS)

portable: $(has)dependencies  ## one result on every NumPy, processor, thread
	@$(RUN) tests/portable.py $(VENV)/numpys $(ARGS)

matrix: $(has)dependencies  ## the whole suite on each NumPy and each Python
	@$(RUN) tests/matrix.py $(VENV)/pythons $(ARGS)

bench: $(has)dependencies $(has)bench  ## time it against its peers
	@$(RUN) benchmarks/bench.py $(ARGS)

mutation: $(has)dependencies $(has)test $(has)mutation  ## break it, and see what notices
	@rm -rf mutants
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/mutmut run --max-children 2
	@$(RUN) tests/mutants.py $(ARGS)

lint: $(has)dependencies $(has)lint  ## check types and style
	@$(RUN) -m mypy
	@$(RUN) -m ruff check nn.py experiments.py tests

docs: $(has)dependencies $(has)docs  ## build the book: pages, one page, EPUB
	@for form in html singlehtml epub doctest; do \
	$(RUN) -m sphinx -W --keep-going -q -b $$form -d docs/_build/.$$form \
	docs docs/_build/$$form || exit 1; done
	@echo "Built docs/_build/html/index.html, singlehtml and epub/nn.epub."

clean:  ## remove .venv and all that was built; saved models stay
	@rm -rf $(VENV) build dist *.egg-info docs/_build docs/book
	@rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment.  One that another Python was named for is made anew; one
# that a person made is used as it is.

$(made):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
	"Python 3.10 or later is needed; name one, as in make PYTHON=python3.12")'
	@if ls $(VENV)/made-with-* > /dev/null 2>&1; then rm -rf $(VENV); fi
	@test -e $(RUN) || { echo "Making $(VENV) ..."; \
	$(PYTHON) -m venv $(VENV); } || { rm -rf $(VENV); exit 1; }
	@touch $@

packages = $(shell sed -n 's/^$(1) = \[\(.*\)\]$$/\1/p' pyproject.toml | \
	tr -d ',')

$(has)%: pyproject.toml $(made)
	@echo "Installing" $(call packages,$*) "..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check \
	$(call packages,$*)
	@touch $@
