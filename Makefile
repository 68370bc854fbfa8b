# Two commands: `make run` starts everything and prints an address; `make test` proves it works.
# Neither needs anything but Python 3.11-3.13 and make.

SHELL = /bin/sh
.PHONY: run test lock

run:
	@oo/up/venv.sh
	@exec .venv/bin/python -m oo.up

# make test TEST=tests/recommender     a part of the tests
# make test ARGS="-k learning -x"      more words for pytest
test:
	@oo/up/venv.sh dev
	@exec .venv/bin/python -m tests.run $(TEST) $(ARGS)

UV_COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url

# Renews the locks after a change to a requirements*.in file; UPGRADE=--upgrade takes newer versions.
lock:
	@oo/up/venv.sh dev
	$(UV_COMPILE) $(UPGRADE) requirements.in -o requirements.txt
	$(UV_COMPILE) $(UPGRADE) requirements-dev.in -o requirements-dev.txt
	@echo uv | $(UV_COMPILE) --no-header --no-annotate $(UPGRADE) - -o oo/up/uv.txt
