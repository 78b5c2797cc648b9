# make demo    convert, list and explain with the demo model
# make test    all tests
# make test-arm  the C kernels compiled for 64-bit ARM, in qemu, against this machine's
# make test-slurm  a Slurm cluster of one node on this machine (Debian, as root): tasks and the node's daemon are killed
# make test-page  the page of zoo serve in a headless Chromium (Debian: chromium); pictures of it go to out/page
# make fuzz    libFuzzer over the checkpoint readers, FUZZ_SECONDS=60 for each container
# make fuzz-serve  requests to zoo serve that follow its OpenAPI document and that break it
# make bench   what this machine makes of ViT-B-16; make bench-reference compares with the authors' package, make bench-peers with OpenVINO, ONNX Runtime and PyTorch
# make test-threads  what threads share, under ThreadSanitizer
# make snapshots  writes anew what tests expect of every --help and of the keys of every --json
# make api     the library's public interface against the one that is written down, and against the last tag's; after a debug build
# make facts   every field of the manifests against open_clip's, timm's and transformers' own configurations, from PyPI
# make attack  attacks the command: kills, full disks, hostile files, JSON, servers and clients, races; ten minutes
# make format  format and lint
# make dist    a Debian package, an archive, an SBOM and checksums in out/dist; make dist-check runs them in fresh Debian 12 and 13 (as root)
# make docs    the guides and all public declarations as a static site in .build/docs; make docs-check names what is not documented
# make check-darwin  type-checks the code for macOS
# make install PREFIX=/usr/local

PREFIX ?= /usr/local
SWIFT ?= swift
DEMO_HOME ?= $(CURDIR)/out/zoo
ZOO = .build/release/zoo
# On Linux the command carries Swift's libraries: it starts faster and runs where no Swift is installed. (The linker
# warns of `mktemp` in Foundation: nothing here calls it.) It looks for libraries in the system's folders alone, and finds
# all their functions at its start, so that the table of these can be made read-only.
STATIC = $(if $(filter Linux,$(shell uname)),--static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker now)
# GIF, TIFF, HEIC and AVIF pictures, where their libraries are installed.
TRAITS := $(shell Tools/more-formats.sh)
VERSION = ZOO_VERSION=$(shell Tools/dist/version.sh)

.PHONY: all build demo test test-formats test-release test-asan api test-threads snapshots test-arm test-slurm test-page facts fuzz fuzz-serve attack attack-quick bench bench-reference bench-peers format lint install packages dist dist-check docs docs-check check-darwin clean

all: build

# Debian packages that are missing; elsewhere, what to install.
packages:
	@Tools/install-packages.sh

build: packages
	$(VERSION) $(SWIFT) build -c release --product zoo $(STATIC) $(TRAITS)

demo: build
	@ZOO=$(ZOO) ZOO_HOME=$(DEMO_HOME) Tools/demo.sh

test: packages
	$(SWIFT) test $(TRAITS)

# The pictures and files that need optional libraries, which are installed for it.
test-formats:
	@Tools/install-packages.sh --all
	$(SWIFT) test $$(Tools/more-formats.sh) --filter 'ZooImagesTests|ProcessorPixelTests|MATTests'

# The parity and mutation suites at full length.
test-release: packages
	ZOO_MUTATIONS=20000 $(SWIFT) test -c release $(TRAITS) --filter 'ZooCheckpointsTests|ZooRuntimeTests|ZooExplainTests'

# The readers under AddressSanitizer. Leaks are not looked for: the test runner has some of its own.
test-asan: packages
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize=address --scratch-path .build-asan --filter ZooCheckpointsTests

# Threads of a product, memory that they pass on, values made once, files read back while they are written, passes that requests share.
test-threads: packages
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tools/threads.supp $(SWIFT) test --sanitize=thread --scratch-path .build-tsan $(TRAITS) --filter \
	  'ParallelTests|ScratchTests|TextCacheTests|MappedWeightsTests|ConcurrencyTests|ReadBackTests|WriteTests|BatcherTests|SharingTests|ZooEvaluateTests.RunTests'

snapshots: packages
	ZOO_SNAPSHOTS=write $(SWIFT) test $(TRAITS) --filter SnapshotTests

api:
	@Tools/api/check.sh

test-arm:
	@Tools/arm/check.sh

# An evaluation as an array of 8 tasks; the table must be that of one process. Installs slurm-wlm and munge; some ten minutes.
test-slurm: build
	Tools/cluster/test_slurm.sh $(ZOO)

# Types, clicks and saves as a reader would; what is saved is held to what the command makes. Needs PyPI for one package.
test-page: build
	python3 -m venv .build/page
	.build/page/bin/pip install -q websocket-client==1.8.0
	.build/page/bin/python Tools/page/check_page.py $(ZOO)

# A check before a release: the newest packages are parsed and never imported; what differs is explained in Tools/facts or is an error.
facts:
	rm -rf .build/facts
	python3 -m venv .build/facts/python
	.build/facts/python/bin/pip download -q --no-deps --only-binary :all: -d .build/facts open_clip_torch timm transformers
	.build/facts/python/bin/python Tools/facts/check_facts.py .build/facts

# libFuzzer over the readers; one build of its own.
fuzz: packages
	@SWIFT=$(SWIFT) Tools/fuzz.sh

# Installs schemathesis from PyPI where it is missing.
fuzz-serve: build
	python3 Tools/serve/fuzz.py $(ZOO)

# Prints what was tried and what survived; ends with an error if something did not. Full disks need root, kills need strace.
attack: build
	python3 Tools/attack/attack.py $(ZOO)

# What the gate tries of it, in under three minutes.
attack-quick: build
	python3 Tools/attack/attack.py $(ZOO) --quick

bench: build
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(ZOO) bench ViT-B-16

# The authors' package on the same weights and pictures, in turns with ours; needs PyPI.
bench-reference: build
	python3 -m venv .build/reference
	.build/reference/bin/pip install -q legrad_torch==1.1 open_clip_torch==2.23.0 timm tokenizers safetensors setuptools
	.build/reference/bin/python Tools/bench_reference.py --zoo $(ZOO)

# OpenVINO, ONNX Runtime and PyTorch on the same weights, in turns with ours; needs PyPI and half an hour.
bench-peers: build
	python3 -m venv .build/peers
	.build/peers/bin/pip install -q torch open_clip_torch openvino nncf onnx onnxruntime safetensors pillow
	.build/peers/bin/python Tools/peers/bench_peers.py --zoo $(ZOO)

format:
	$(SWIFT) format -i -r Sources Tests Manifests Tools Package.swift

lint:
	$(SWIFT) format lint --strict -r Sources Tests Manifests Tools Package.swift

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -s -m 755 $(ZOO) $(DESTDIR)$(PREFIX)/bin/zoo
	install -d $(DESTDIR)$(PREFIX)/share/doc/zoo/Licences
	install -m 644 LICENSE SECURITY.md $(DESTDIR)$(PREFIX)/share/doc/zoo
	install -m 644 Licences/* $(DESTDIR)$(PREFIX)/share/doc/zoo/Licences

dist: packages
	@SWIFT=$(SWIFT) Tools/dist/dist.sh

# In a root of each release it is built and in another installed. What differs between the two builds of this machine's own release is named (docs/packages.md).
dist-check: dist
	SWIFT=$(SWIFT) Tools/dist/roots.sh build bookworm trixie
	-Tools/dist/compare.sh
	Tools/dist/roots.sh check bookworm trixie

# DOCS_BASE_PATH=/zoo where the site is served below a path.
docs: packages
	$(SWIFT) build $(TRAITS) --target Zoo
	@SWIFT=$(SWIFT) Tools/docs/docs.sh

docs-check: packages
	$(SWIFT) build $(TRAITS) --target Zoo
	@SWIFT=$(SWIFT) Tools/docs/docs.sh --check

# Needs the modules of the packages: after a build.
check-darwin:
	@python3 Tools/darwin/check.py

clean:
	rm -rf .build .build-asan .build-tsan .build-dist .build-fuzz out
