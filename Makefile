# What can be made here; `make` alone lists it.
#
#   make PYTHON=python3.12 test     choose the Python that .venv is made with
#   make iris ARGS="--seed 7"       hand options on to the experiment
#
# A target needs a set of packages, and gets that set and no more.  A set is
# a file requirements/SET.txt, and .venv/has-SET says that it is installed.
# A new target with a set of its own needs that file, `$(has)SET` behind its
# colon, and a line of help behind ##.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check
has := $(VENV)/has-

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help iris xor softmax_toy gradcheck reproduce
.PHONY: test referees recipes browser torture portable matrix bench mutation lint docs clean

help:  ## list these targets
	@sed -n 's/^\([a-z_ ]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	while IFS='|' read -r names text; do for name in $$names; do \
	printf 'make %-13s%s\n' "$$name" "$$text"; done; done

# An experiment that is to draw needs Matplotlib besides.
experiment := $(has)$(if $(findstring --plot,$(ARGS)),plot,nn)

iris: $(experiment)  ## learn Fisher's iris data, save, load and compare
	@$(RUN) experiments.py iris $(ARGS)

xor: $(experiment)  ## learn exclusive or, and draw the answer
	@$(RUN) experiments.py xor $(ARGS)

softmax_toy: $(experiment)  ## tell three clusters of points apart
	@$(RUN) experiments.py softmax_toy $(ARGS)

gradcheck: $(experiment)  ## check the gradient against measured slopes
	@$(RUN) experiments.py gradcheck $(ARGS)

reproduce: $(experiment)  ## train a saved model again: ARGS=models/iris
	@$(RUN) experiments.py reproduce $(ARGS)

test: $(has)test  ## run every example and every test
	@$(RUN) -m pytest -q -n 2 $(ARGS)
	@echo "Everything held: the examples, and the tests."

referees: $(has)test $(has)torch  ## compare with scikit-learn and PyTorch
	@$(RUN) -m pytest -q tests/test_other_programs.py $(ARGS)

recipes: $(has)test $(has)torch $(has)recipes  ## run the recipes, some with PyTorch or Dask
	@$(RUN) -m pytest -q tests/test_recipes.py $(ARGS)

browser: $(has)browser  ## play with the book's pages in V8 and in Chromium
	@$(RUN) -m pytest -q tests/test_browser.py tests/test_play.py $(ARGS)

torture: $(has)test  ## crash, damage and fuzz for minutes
	@TORTURE=1 OPENBLAS_NUM_THREADS=1 $(RUN) -m pytest -q -n 2 --dist worksteal \
	tests/test_keeping.py tests/test_what_comes_in.py \
	-k "test_keeping or whatever_is_passed" $(ARGS)

portable: $(has)nn  ## one result on every NumPy, processor, thread
	@$(RUN) -m tests.tools.portable $(VENV)/numpys $(ARGS)

matrix: $(has)matrix  ## the whole suite on each NumPy and each Python
	@$(RUN) -m tox run $(ARGS)

bench: $(has)torch $(has)bench  ## time it against its peers
	@$(RUN) benchmarks/bench.py $(ARGS)

mutation: $(has)test $(has)mutation  ## break it, and see what notices
	@rm -rf mutants
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/mutmut run --max-children 2
	@$(RUN) tests/tools/mutants.py

lint: $(has)lint  ## check types and style
	@$(RUN) -m mypy
	@$(RUN) -m ruff check nn.py experiments.py tests docs/recipes

docs: $(has)docs  ## build the book: pages, one page, EPUB
	@for form in html singlehtml epub doctest; do \
	$(RUN) -m sphinx -W --keep-going -q -b $$form -d docs/_build/.doctrees \
	docs docs/_build/$$form || exit 1; done
	@echo "Built docs/_build/html/index.html, singlehtml and epub/nn.epub."

clean:  ## remove .venv and all that was built; saved models stay
	@rm -rf $(VENV) .tox build dist *.egg-info docs/_build
	@rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment.  One that a person made is used as it is, and never
# removed.  One that was made here is made anew if another Python is named.

made := $(VENV)/made-with-$(subst /,_,$(PYTHON))
ifeq ($(origin PYTHON),file)  # none was named: the one that is there will do
made := $(firstword $(wildcard $(VENV)/made-with-*) $(made))
endif

# Where the system's Python was replaced by another, the old .venv has none,
# or one that does not find its packages.  Then nothing in it counts.
sound := $(shell $(RUN) -c 'import os, sysconfig; \
	print(os.path.isdir(sysconfig.get_path("purelib")))' 2> /dev/null)
ifneq ($(sound),True)
$(shell rm -f $(VENV)/has-* $(VENV)/made-with-*)
endif

$(made):
	@if test -e $(VENV)/made-by-make; then rm -rf $(VENV); fi
	@test ! -e $(VENV) || test "$(sound)" = True || { echo "The Python of \
	$(VENV) is gone or replaced, and make did not make it: remove it." >&2; \
	exit 1; }
	@python="$(PYTHON)"; test ! -e $(RUN) || python=$(RUN); \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 10) and \
	"Python 3.10 or later is needed; name one, as in make PYTHON=python3.12")'
	@if test -e $(RUN); then echo "Using the $(VENV) that is there."; \
	else echo "Making $(VENV) ..."; mkdir $(VENV); touch $(VENV)/made-by-make; \
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; fi
	@touch $@

$(has)%: $(wildcard requirements/*.txt) $(made)
	@$(PIP) --version > /dev/null 2>&1 || $(RUN) -m ensurepip > /dev/null || \
	{ echo "There is no pip in $(VENV): remove it, or install pip." >&2; \
	exit 1; }
	@echo "Installing requirements/$*.txt into $(VENV) ..."
	@sed -n 's/^# //p' requirements/$*.txt
	@$(PIP) install --quiet --prefer-binary -r requirements/$*.txt
	@touch $@
