# make demo    see it work: makes keys, starts a gateway and a legacy backend, sends good and bad messages
# make test    everything, including other SOAP stacks as clients
# make second-opinion    the same messages before libxmlsec1 and samael
# make xsd     bodies before their schemas, with libxml2
# make test-spark    the wheel for Python, and archives on a Spark cluster of two executors, one of which is killed
# make test-s3      archives in an object store that speaks S3: moto, over HTTP
# make deb     a Debian package of the program, its unit, pages, completions and an example of a configuration, and a look at it
# make check   formatting, lints, documentation, licences of what we depend on
#
# Longer runs of what `make test` does a slice of; DOCUMENTS says how many:
# make differential   our reading and our canonical octets against quick-xml, xmllint and libxml2; our verdicts on SIGNED
#                     documents (20,000, as each takes processes of its own) against xmlsec1
# make wrapping       signed parts of good messages, wrapped in every way
# make mutations      good messages with small changes
# make fuzz           any bytes, with libFuzzer; FUZZ_SECONDS for each of FUZZ_TARGETS
# make mutants        changed sources that no test may let pass; takes hours, and goes on where it was
# make linear         time and memory, each time an input is doubled
# make timing         whether the time of a comparison tells how much of a secret was right; SAMPLES of each
# make kills          an archive of KILL_MESSAGES, judged by a process that is killed KILLS times
# make drills         each drill against a release build, an hour or two; each also alone as make drill-NAME, with settings as make drill-kills KILLS=1000:
#                     junk (TIMES), calls (EVERY), overload, idle, backends (DRILL_SECONDS), kills (KILLS), power (MESSAGES, MOMENTS), reload (RELOADS,
#                     PAUSE in milliseconds), drain, disk, clock, certificates, copies (ROUNDS, USES), store (ROUNDS), tamper (RECORDS);
#                     soak (SOAK_SECONDS, an hour) is only run alone
# make bench-gateway  a gateway beside a bare proxy: requests a core, latency, memory of idle connections and of long attachments
# make bench-batch    archives of BATCH messages, on all cores: speed against `sealgate bench` on one, and memory
#
# Each installs what is missing first and says what and why; `make setup` does only that.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test deb second-opinion xsd test-spark test-s3 check differential wrapping mutations linear timing fuzz mutants kills drills drill-tamper bench-gateway bench-batch deny setup setup-build setup-second-opinion setup-xsd setup-spark setup-s3

CARGO ?= cargo
VENV := build/venv
NODE := build/node
GSOAP := build/gsoap
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2
MUTANTS_VERSION := 27.1.0
DEB_VERSION := 3.8.0
# A cargo-deny that is there already, or the one that we install.
DENY := $(shell command -v cargo-deny || echo build/tools/bin/cargo-deny)
FUZZ := $(shell command -v cargo-fuzz || echo build/tools/bin/cargo-fuzz)
DEB := $(shell command -v cargo-deb || echo build/tools/bin/cargo-deb)
MUTANTS := $(shell command -v cargo-mutants || echo build/tools/bin/cargo-mutants)
# Without a terminal nobody can explore: print the table, and end with its result.
ONCE := $(shell test -t 0 && test -t 1 || echo --once)

# Most tests wait: for a gateway, a backend, a time limit.
export RUST_TEST_THREADS ?= $(shell echo $$((4 * $$(nproc))))

demo: setup-build
	$(CARGO) run --release --locked -- demo $(ONCE)

test: setup
	$(CARGO) test --locked

# With FEATURES=second_opinion,xsd,s3 the next three, which need one of them each, are built once.
second-opinion: setup-second-opinion
	$(CARGO) test --locked --features $(or $(FEATURES),second_opinion) --test second_opinion

xsd: setup-xsd
	$(CARGO) test --locked --package sealgate-xsd
	$(CARGO) test --locked --features $(or $(FEATURES),xsd) --test schema
	$(CARGO) test --locked --features $(or $(FEATURES),xsd) --test gateway schema::

test-s3: setup-s3
	$(CARGO) test --locked --features $(or $(FEATURES),s3) --test store -- --nocapture

S3 := build/s3

# SPARK_PROFILE=release measures, with SPARK_MESSAGES as many messages as it should.
SPARK := build/spark
SPARK_PROFILE ?= dev
SPARK_TESTS ?= test_*.py
test-spark: setup-spark
	$(CARGO) build --locked --profile $(SPARK_PROFILE)
	$(SPARK)/bin/maturin build --quiet --locked --profile $(SPARK_PROFILE) --compatibility linux --manifest-path python/Cargo.toml --out $(SPARK)/wheels
	$(SPARK)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall $(SPARK)/wheels/sealgate-*.whl
	SEALGATE=$(CURDIR)/target/$(SPARK_PROFILE:dev=debug)/sealgate $(if $(SPARK_MESSAGES),SEALGATE_SPARK_MESSAGES=$(SPARK_MESSAGES)) \
	  JAVA_HOME=$(firstword $(wildcard /usr/lib/jvm/java-17-openjdk-*)) $(SPARK)/bin/python -m unittest discover -v -s python/tests -p '$(SPARK_TESTS)'

PACKAGE := build/package
deb: setup-build $(DEB)
	@.ci/setup deb
	$(CARGO) build --release --locked
	rm -rf $(PACKAGE)
	packaging/files target/release/sealgate $(PACKAGE)
	$(DEB) deb --locked --no-build --output $(PACKAGE)/
	packaging/check $(PACKAGE)/sealgate_*.deb

check: setup-second-opinion deny
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --all-features

# What takes long is optimized; what it depends on is already, and is not built anew.
OPTIMIZED := --config profile.dev.package.sealgate.opt-level=2
differential wrapping mutations: DOCUMENTS ?= 1000000
differential: SIGNED ?= 20000

differential: setup
	SEALGATE_ORACLE_DOCUMENTS=$(DOCUMENTS) SEALGATE_ORACLE_SIGNED=$(SIGNED) $(CARGO) test --locked $(OPTIMIZED) \
	--test oracle_quick_xml --test oracle_xmllint --test oracle_xmlsec1 -- --nocapture

wrapping: setup-build
	SEALGATE_WRAPPINGS=$(DOCUMENTS) $(CARGO) test --locked $(OPTIMIZED) --test wrapping -- --nocapture

mutations: setup-build
	SEALGATE_MUTATIONS=$(DOCUMENTS) $(CARGO) test --locked $(OPTIMIZED) --test mutations -- --nocapture

linear: setup-build
	$(CARGO) bench --locked $(OPTIMIZED) --profile dev --bench linear

timing: SAMPLES ?= 1000000
timing: setup-build
	SEALGATE_SAMPLES=$(SAMPLES) $(CARGO) bench --locked $(OPTIMIZED) --profile dev --bench timing

# With libFuzzer where there is a nightly toolchain, and with our own mutations where there is none.
FUZZ_TARGETS ?= parse c14n dsig_verify decrypt header saml metadata login parts gate
FUZZ_SECONDS ?= 600
FOLDER := $(CURDIR)/build/fuzz
ifneq ($(findstring nightly,$(shell rustup toolchain list 2>/dev/null)),)
fuzz: $(FUZZ)
	@.ci/setup fuzz
	SEALGATE_FUZZ_CORPUS=$(FOLDER)/corpus $(CARGO) test --locked --test fuzz
	mkdir -p $(FOLDER)/found && cp Cargo.lock fuzz/
	for target in $(FUZZ_TARGETS); do \
	  rustup run nightly $(FUZZ) fuzz run $$target --target-dir $(FOLDER)/target $(FOLDER)/corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
	    -artifact_prefix=$(FOLDER)/found/$$target-; \
	done
else
fuzz: setup-build
	@echo "no nightly toolchain (rustup toolchain install nightly): mutations without libFuzzer"
	SEALGATE_FUZZ=200000 $(CARGO) test --locked $(OPTIMIZED) --test fuzz $(FUZZ_TARGETS) -- --nocapture
endif

kills: KILLS ?= 1000
kills: KILL_MESSAGES ?= 100000
kills: setup-build
	$(CARGO) build --release --locked
	SEALGATE_BINARY=$(CURDIR)/target/release/sealgate SEALGATE_KILLS=$(KILLS) SEALGATE_KILL_MESSAGES=$(KILL_MESSAGES) \
	  $(CARGO) test --locked --test batch a_job_that_is_killed -- --nocapture

# Each prints its row of the table in src/manual/drills.rs. They measure, so that they come one after the other.
DRILLS := junk calls overload idle backends kills power reload drain disk clock certificates copies store tamper
DRILL_SECONDS ?= 5
RECORDS ?= 10000
SETTINGS := TIMES EVERY CLIENTS MESSAGES KILLS MOMENTS AGAIN RELOADS PAUSE UPLOADS ROUNDS USES SOAK_SECONDS
DRILL := SEALGATE_DRILL=1 SEALGATE_BINARY=$(CURDIR)/target/release/sealgate \
  $(foreach setting,$(SETTINGS),$(if $($(setting)),SEALGATE_DRILL_$(setting)=$($(setting))))

drills:
	missed=; for drill in $(DRILLS); do $(MAKE) --no-print-directory drill-$$drill || missed="$$missed $$drill"; done; \
	if [ -n "$$missed" ]; then echo "not as they should be:$$missed"; exit 1; fi

drill-%: setup-build
	$(CARGO) build --release --locked
	SEALGATE_DRILL_SECONDS=$(DRILL_SECONDS) $(DRILL) $(CARGO) test --locked --test gateway drills::$* -- --nocapture --test-threads 1

drill-tamper: setup-build
	SEALGATE_AUDIT_RECORDS=$(RECORDS) $(CARGO) test --locked $(OPTIMIZED) --test audit every_change -- --nocapture

bench-gateway: setup-build
	$(CARGO) build --release --locked
	SEALGATE_BINARY=$(CURDIR)/target/release/sealgate $(CARGO) bench --locked --bench gateway

BATCH ?= 100000 1000000
bench-batch: setup-build
	$(CARGO) build --release --locked
	tests/batch/bench $(BATCH)

# Hours. Ended and started again it goes on where it was; MUTANTS_SHARD=0/8 is the first eighth of them.
MUTATED ?= c14n dsig xmlenc trust policy
mutants: setup $(MUTANTS)
	$(MUTANTS) mutants --iterate --output build/mutants $(if $(MUTANTS_SHARD),--shard $(MUTANTS_SHARD)) \
	  $(foreach module,$(MUTATED),--file 'src/$(module)/**')

deny: $(DENY)
	$(DENY) --workspace --config .deny.toml --locked check --hide-inclusion-graph licenses bans sources

setup: setup-build $(NODE)/.ready $(GSOAP)/orders
	@.ci/setup test

setup-build:
	@.ci/setup build

setup-second-opinion: setup-build
	@.ci/setup second-opinion

setup-xsd: setup-build
	@.ci/setup xsd

setup-spark: setup-build $(SPARK)/.ready
	@.ci/setup spark

# Speed of the tools is no matter, time to build them is: no optimization takes a quarter of the time.
define install-tool
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	CARGO_PROFILE_RELEASE_DEBUG=0 $(CARGO) install $(1) --version $(2) --locked --quiet \
	--root build/tools --target-dir build/tools/target
	rm -rf build/tools/target
endef

build/tools/bin/cargo-deny: | setup-build
	@echo "installing cargo-deny $(DENY_VERSION) into build/tools: checks licences and sources of dependencies"
	$(call install-tool,cargo-deny,$(DENY_VERSION))

build/tools/bin/cargo-deb: | setup-build
	@echo "installing cargo-deb $(DEB_VERSION) into build/tools: makes Debian packages"
	$(call install-tool,cargo-deb,$(DEB_VERSION))

build/tools/bin/cargo-mutants: | setup-build
	@echo "installing cargo-mutants $(MUTANTS_VERSION) into build/tools: changes the source and runs the tests"
	$(call install-tool,cargo-mutants,$(MUTANTS_VERSION))

build/tools/bin/cargo-fuzz: | setup-build
	@echo "installing cargo-fuzz $(FUZZ_VERSION) into build/tools: drives libFuzzer"
	$(call install-tool,cargo-fuzz,$(FUZZ_VERSION))

# A Python environment of its own, with what the first prerequisite lists.
define make-environment
	python3 -m venv --clear $(1)
	$(1)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@
endef

$(VENV)/.ready: tests/interop/requirements.txt
	@.ci/setup test
	@echo "installing zeep, xmlsec, pysaml2 and python3-saml into $(VENV): Python SOAP and SAML stacks that the tests talk to; and jsonschema"
	$(call make-environment,$(VENV))

setup-s3: setup-build $(S3)/.ready

$(S3)/.ready: tests/batch/requirements.txt
	@.ci/setup python
	@echo "installing moto and pyarrow into $(S3): an object store that speaks S3, and archives in Parquet to put there"
	$(call make-environment,$(S3))

$(SPARK)/.ready: python/tests/requirements.txt
	@.ci/setup spark
	@echo "installing maturin, pyarrow, pandas and PySpark into $(SPARK): builds the wheel, Arrow's batches, and the cluster that it is tried on"
	$(call make-environment,$(SPARK))

$(NODE)/.ready: tests/interop/package-lock.json tests/interop/package.json $(VENV)/.ready
	@.ci/setup node $(VENV)
	@echo "installing soap, xml-crypto, samlify and node-saml into $(NODE): Node.js SOAP and SAML stacks that the tests talk to"
	rm -rf $(NODE) && mkdir -p $(NODE)
	cp tests/interop/package.json tests/interop/package-lock.json $(NODE)/
	cd $(NODE) && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm ci --silent --no-audit --no-fund
	touch $@

# Its service and client of the same contract; the plugin for WS-Security is compiled from the package's source.
GSOAP_SHARE := /usr/share/gsoap
$(GSOAP)/orders: tests/interop/gsoap/orders.h tests/interop/gsoap/orders.c | $(VENV)/.ready
	@echo "compiling gSOAP's client and service into $(GSOAP): a SOAP stack in C that the tests talk to"
	rm -rf $(GSOAP) && mkdir -p $(GSOAP)
	soapcpp2 -c -x -w -L -I$(GSOAP_SHARE)/import -d$(GSOAP) $< >/dev/null
	$(CC) -w -o $@ $$(pkg-config --cflags gsoapssl) -I$(GSOAP) -I$(GSOAP_SHARE)/plugin -I$(GSOAP_SHARE)/custom \
	  $(word 2,$^) $(GSOAP)/soap?*.c $(addprefix $(GSOAP_SHARE)/plugin/,wsseapi.c smdevp.c mecevp.c threads.c) \
	  $(GSOAP_SHARE)/custom/struct_timeval.c $$(pkg-config --libs gsoapssl openssl) -lz -lpthread
