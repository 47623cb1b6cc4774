# A short front: the build is Meson's, the work is done by scripts/. Every target starts from a clean clone.
.PHONY: all demo demo-all test test-all test-pg15 test-pg16 test-pg17 test-tsan test-clang test-kill test-large property torture fuzz bench docs format lint install clean

PREFIX ?= /usr/local
TEST_ARGS ?=

all:
	@scripts/setup build
	@scripts/build release

# SQLite to DuckDB and back, without a server.
demo:
	@scripts/setup demo
	@scripts/build release
	@scripts/demo

# The same with PostgreSQL and Turso besides.
demo-all:
	@scripts/setup demo-all
	@scripts/build release
	@scripts/demo --all

# Arguments, for one part of it: make test TEST_ARGS="--suite unit --only queue"
test:
	@scripts/test $(TEST_ARGS)

# The same with a large data set in the matrix: 100,000 rows of what each database has, through every ordered pair and back.
test-all:
	@VECFERRY_MATRIX=large scripts/test $(TEST_ARGS)

# The PostgreSQL part on older servers and pgvectors.
test-pg15 test-pg16 test-pg17:
	@scripts/test --version $(@:test-pg%=%) --suite conformance,cli,e2e $(TEST_ARGS)

test-tsan:
	@scripts/test --build tsan --suite unit,conformance $(TEST_ARGS)

# Longer than a test run may take: kills at random moments, every allocation failing in turn, random input.
test-kill:
	@scripts/test --suite long --only kill $(TEST_ARGS)

# Databases at random, by new seeds: there and back, and what verify says of them. VECFERRY_PROPERTY_SECONDS of it (600), VECFERRY_SEED to begin with or to repeat.
property:
	@scripts/test --suite long --only property $(TEST_ARGS)

# A row of a gigabyte: ten minutes, 8 GB of memory and 10 of disk.
test-large:
	@scripts/test --build release --suite long --only large_rows $(TEST_ARGS)

torture:
	@scripts/test --suite long --only torture $(TEST_ARGS)

fuzz:
	@scripts/test --suite long --only fuzz $(TEST_ARGS)

bench:
	@scripts/setup bench
	@scripts/build release
	@scripts/pg with -- bench/run

# Those pages of docs/ that are made from the program's own tables.
docs:
	@scripts/setup test
	@scripts/docs

format:
	@scripts/setup lint
	@scripts/lint --format

lint:
	@scripts/setup lint
	@scripts/lint

install:
	@scripts/setup build
	@scripts/build install -Dprefix=$(abspath $(PREFIX))
	@DESTDIR=$(DESTDIR) meson install -C build/install

# What was fetched stays in the cache that all clones share.
clean:
	rm -rf build
