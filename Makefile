# Needs the Swift toolchain, git, make, and apt for the libraries. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test faults lint format bench completions manual reference install deb tarball test-deb \
    deps clean

SWIFT ?= swift
BINARY := .build/release/puypuy
# One self-contained program without symbols: the Swift runtime is linked in.
RELEASE := -c release --static-swift-stdlib -Xlinker -s
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks

help: ## Shows the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: build ## Builds PuyPuy and collects in the foreground, with config.ini; Ctrl-C ends it
	@echo "Collecting. To look, in another terminal: $(BINARY) spool inspect"
	@exec $(BINARY) daemon --config config.ini

build: deps ## Builds the release program
	$(SWIFT) build $(RELEASE) --product puypuy
	@echo "$(CURDIR)/$(BINARY)"

# The tests are built for debugging, with all checks of the language. Some of them measure the
# release program, which is why that is built, too.
test: build ## Builds and runs all tests
	@packaging/install-deps.sh test
	$(SWIFT) build --build-tests
	@echo "Testing; everything that the tests print goes to .build/test.log"
	@: >.build/test.log
	@export PUYPUY_RELEASE_BINARY="$(CURDIR)/$(BINARY)"; \
	group() { \
	    echo "== $$*"; \
	    $(SWIFT) test --skip-build --disable-xctest "$$@" </dev/null 2>&1 \
	        | tee -a .build/test.log | awk '$(SHOW_FAILURES)'; \
	}; \
	for tests in 'PuyPuy(Core|Spool|Agent)Tests' PuyPuyChecksTests PuyPuyBackendsTests \
	    PuyPuySenderTests PuyPuyTests; do group --filter "^$$tests[./]" --skip '$(ALONE)'; done; \
	for tests in ConformanceTests 'PuyPuyTests[./]OutageTests' '^PuyPuyFaultTests[./]'; do \
	    group --filter "$$tests"; \
	done

# The groups run one after the other: tests that wait for servers and processes would keep the
# threads that others need to be in time. These take or need the machine for themselves.
ALONE := ConformanceTests|^PuyPuyTests[./]OutageTests

# Of tests that pass only the sum is shown, of others all that they say. A group in which no test ran
# has failed.
SHOW_FAILURES := \
    /^(◇|✔)/ { shown = 0 } \
    /^(✘|✔ Test run with|.*[Ff]atal error|.*error:)/ { shown = 1 } \
    /Test run with [1-9]/ { ran = 1 } \
    shown { print; fflush() } \
    END { if (!ran) { print "no test ran"; exit 1 } }

# The campaign: all faults, whole, one after the other, against the release program. FAULTS chooses by a
# pattern of suites and tests, PUYPUY_SOAK_MINUTES is the length of the soak.
FAULTS ?= .
FAULTS_FOLDER := .build-faults
FAULTS_BUILD := -c release -Xswiftc -enable-testing --scratch-path $(FAULTS_FOLDER)

faults: build ## Breaks the program in every way that hosts break; takes two hours
	@packaging/install-deps.sh test
	$(SWIFT) build --build-tests $(FAULTS_BUILD)
	@printf '| %s ' fault extent collected delivered dead expired lost doubled 'recovery s' \
	    'memory MB' 'WAL MB' 'file MB' remark >$(FAULTS_FOLDER)/faults.md
	@printf '|\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n' >>$(FAULTS_FOLDER)/faults.md
	@export PUYPUY_RELEASE_BINARY="$(CURDIR)/$(BINARY)" PUYPUY_FAULTS=full \
	    PUYPUY_FAULTS_TABLE="$(CURDIR)/$(FAULTS_FOLDER)/faults.md"; \
	$(SWIFT) test $(FAULTS_BUILD) --skip-build --disable-xctest --no-parallel \
	    --filter '^(?=.*($(FAULTS)))PuyPuy(FaultTests[./]|SpoolTests[./]DamageCampaign)' </dev/null 2>&1 \
	    | tee $(FAULTS_FOLDER)/faults.log | awk '/^fault: / { print; fflush() } $(SHOW_FAILURES)'
	@echo "The table is in $(FAULTS_FOLDER)/faults.md, all that was printed in faults.log"

lint: ## Checks the layout of the code, and that nothing is left open in it
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	@if grep -rnE 'TODO|FIXME' --include='*.swift' --include='*.sql' --include='*.sh' \
	    --include='*.md' --exclude-dir='.build*' .; \
	    then echo 'lint: finish these first' >&2; exit 1; fi
	@if command -v shellcheck >/dev/null; then shellcheck packaging/*.sh packaging/deb/*.sh packaging/deb/p* .ci/run; \
	    else echo 'lint: shellcheck is not installed; the shell scripts were not checked'; fi

format: ## Lays the code out as lint wants it
	$(SWIFT) format --in-place --parallel --recursive $(SWIFT_SOURCES)

# BENCH=codec, BENCH='spool drain': only these parts (codec, spool, drain, servers, backlog, host).
bench: build ## Measures the codec, the spool, drains, backlogs and the idle program; takes ten minutes
	@packaging/install-deps.sh test
	$(SWIFT) build $(RELEASE) --product puypuy-bench
	.build/release/puypuy-bench --output .build/bench.json $(BENCH)
	@echo "The same for programs is in .build/bench.json"

completions: build ## Writes completions for bash, zsh and fish to .build/completions
	@mkdir -p .build/completions
	$(BINARY) --generate-completion-script bash >.build/completions/puypuy
	$(BINARY) --generate-completion-script zsh >.build/completions/_puypuy
	$(BINARY) --generate-completion-script fish >.build/completions/puypuy.fish

manual: build ## Writes packaging/man/puypuy.1 from the help of the commands; needs python3
	$(BINARY) --experimental-dump-help | python3 packaging/make-manual.py >packaging/man/puypuy.1

reference: build ## Writes docs/CONFIGURATION.md from the tables of keys
	$(BINARY) config reference >docs/CONFIGURATION.md

# The version of the program, also that of its packages.
VERSION = $(shell sed -n 's/.*current = "\(.*\)"/\1/p' Sources/PuyPuyAgent/Version.swift)
PACKAGES := .build/packages

install: build ## Installs into PREFIX (/usr/local), with DESTDIR below it; docs/INSTALL.md
	packaging/install.sh $(BINARY)

deb: build ## Builds the Debian package, into .build/packages
	@packaging/install-deps.sh package
	packaging/deb/build.sh $(BINARY) $(VERSION) $(PACKAGES)

tarball: build ## Packs the program with what belongs to it, into .build/packages
	packaging/tarball.sh $(BINARY) $(VERSION) $(PACKAGES)

# The package of the next version is the same program under another number. Both are compressed
# quickly instead of well, which would take most of the time.
test-deb: build ## Installs, upgrades and purges the package in a Debian of its own; needs root
	@packaging/install-deps.sh package
	COMPRESSION=gzip packaging/deb/build.sh $(BINARY) $(VERSION)~test1 $(PACKAGES)/test
	COMPRESSION=gzip packaging/deb/build.sh $(BINARY) $(VERSION)~test2 $(PACKAGES)/test
	packaging/test-deb.sh $(PACKAGES)/test/puypuy_$(VERSION)~test1_*.deb \
	    $(PACKAGES)/test/puypuy_$(VERSION)~test2_*.deb .build/debian

deps: ## Installs with apt the libraries that are missing; nothing is started
	@packaging/install-deps.sh build

clean: ## Removes what was built; var/, with the spool, stays
	rm -rf .build $(FAULTS_FOLDER)
