# Two commands: `make run` starts everything and prints an address; `make test` proves it works.
# Neither needs anything but Python 3.11-3.13 and make.

SHELL = /bin/sh
.PHONY: run test models peers lock

run:
	@oo/up/venv.sh
	@exec .venv/bin/python -m oo.up

# make test TEST=tests/recommender     a part of the tests
# make test ARGS="-k learning -x"      more words for pytest
test:
	@oo/up/venv.sh dev
	@exec .venv/bin/python -m tests.run $(TEST) $(ARGS)

# Language models as authors of tips, where there are some: see docs/models.md.
#   OLLAMA_URL=http://localhost:11434 make models ARGS="--models ollama:qwen2.5:3b"
models:
	@oo/up/venv.sh
	@exec .venv/bin/python manage.py models $(ARGS)

# The policies of others, for `.venv-peers/bin/python -m bench.policies`: see docs/policies-measured.md.
# They want pandas, matplotlib and a compiler, which nothing else here does; obp wants a numpy and a
# torch of 2022 too, and of it only the data is read, hence --no-deps over a complete list.
peers:
	@oo/up/venv.sh dev
	@test -d .venv-peers || .venv/bin/uv venv --quiet --python .venv/bin/python .venv-peers
	@.venv/bin/uv pip sync --quiet --python .venv-peers --require-hashes requirements-peers.txt

UV_COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url

# Renews the locks after a change to a requirements*.in file; UPGRADE=--upgrade takes newer versions.
lock:
	@oo/up/venv.sh dev
	$(UV_COMPILE) $(UPGRADE) requirements.in -o requirements.txt
	$(UV_COMPILE) $(UPGRADE) requirements-dev.in -o requirements-dev.txt
	$(UV_COMPILE) $(UPGRADE) requirements-peers.in -o requirements-peers.txt
	@echo obp==0.5.7 | $(UV_COMPILE) --no-header --no-annotate --no-deps - >> requirements-peers.txt
	@echo uv | $(UV_COMPILE) --no-header --no-annotate $(UPGRADE) - -o oo/up/uv.txt
