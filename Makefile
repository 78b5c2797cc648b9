# make demo    convert, list and explain with the demo model
# make test    all tests
# make test-arm  runs the C kernels compiled for 64-bit ARM in qemu and compares them with this machine's
# make test-slurm  an evaluation on a one-node Slurm cluster on this machine (Debian, as root), with tasks and the node's daemon killed
# make test-page  tests the page of zoo serve in a headless Chromium (Debian: chromium); screenshots go to out/page
# make fuzz    fuzzes the checkpoint readers with libFuzzer, FUZZ_SECONDS=60 for each container
# make fuzz-serve  sends zoo serve requests that conform to its OpenAPI document and requests that violate it
# make bench   measures ViT-B-16 on this machine; make bench-reference compares with the authors' package, make bench-peers with OpenVINO, ONNX Runtime and PyTorch
# make test-threads  tests data shared by threads under ThreadSanitizer
# make snapshots  rewrites the expected output of every --help and the keys of every --json
# make api     compares the library's public interface with the recorded one and with the last tag's; run after a debug build
# make facts   compares every field of the manifests with the configurations of open_clip, timm and transformers, from PyPI
# make attack  attacks the command: kills, full disks, hostile files, JSON, servers and clients, races; takes ten minutes
# make format  format and lint
# make dist    a Debian package, an archive, an SBOM and checksums in out/dist; make dist-check runs them in fresh Debian 12 and 13 (as root)
# make docs    builds the guides and all public declarations as a static site in .build/docs; make docs-check lists undocumented declarations
# make check-darwin  type-checks the code for macOS
# make install PREFIX=/usr/local

PREFIX ?= /usr/local
SWIFT ?= swift
DEMO_HOME ?= $(CURDIR)/out/zoo
ZOO = .build/release/zoo
# On Linux the command is statically linked with Swift's libraries: it starts faster and does not require Swift. (The linker
# warns about `mktemp` in Foundation, which is never called.) It looks for libraries only in the system's folders, and resolves
# all their functions at startup, so that their table can be made read-only.
STATIC = $(if $(filter Linux,$(shell uname)),--static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker now)
# GIF, TIFF, HEIC and AVIF pictures, if their libraries are installed.
TRAITS := $(shell Tools/more-formats.sh)
VERSION = ZOO_VERSION=$(shell Tools/dist/version.sh)

.PHONY: all build demo test test-formats test-release test-asan api test-threads snapshots test-arm test-slurm test-page facts fuzz fuzz-serve attack attack-quick bench bench-reference bench-peers format lint install packages dist dist-check docs docs-check check-darwin clean

all: build

# Installs missing Debian packages; on other systems, prints what to install.
packages:
	@Tools/install-packages.sh

build: packages
	$(VERSION) $(SWIFT) build -c release --product zoo $(STATIC) $(TRAITS)

demo: build
	@ZOO=$(ZOO) ZOO_HOME=$(DEMO_HOME) Tools/demo.sh

test: packages
	$(SWIFT) test $(TRAITS)

# Tests for pictures and files that need optional libraries, which this installs.
test-formats:
	@Tools/install-packages.sh --all
	$(SWIFT) test $$(Tools/more-formats.sh) --filter 'ZooImagesTests|ProcessorPixelTests|MATTests'

# The parity and mutation suites at full length.
test-release: packages
	ZOO_MUTATIONS=20000 $(SWIFT) test -c release $(TRAITS) --filter 'ZooCheckpointsTests|ZooRuntimeTests|ZooExplainTests'

# The readers under AddressSanitizer. Leak detection is off, because the test runner itself leaks.
test-asan: packages
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize=address --scratch-path .build-asan --filter ZooCheckpointsTests

# Parallel products, reused memory, lazy values, files read back while they are written, passes shared by requests.
test-threads: packages
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tools/threads.supp $(SWIFT) test --sanitize=thread --scratch-path .build-tsan $(TRAITS) --filter \
	  'ParallelTests|TeamTests|SideBySideTests|ScratchTests|TextCacheTests|MappedWeightsTests|ConcurrencyTests|ReadBackTests|WriteTests|BatcherTests|SharingTests|ZooEvaluateTests.RunTests'

snapshots: packages
	ZOO_SNAPSHOTS=write $(SWIFT) test $(TRAITS) --filter SnapshotTests

api:
	@Tools/api/check.sh

test-arm:
	@Tools/arm/check.sh

# An evaluation as an array of 8 tasks, whose table must equal that of one process. Installs slurm-wlm and munge; takes about ten minutes.
test-slurm: build
	Tools/cluster/test_slurm.sh $(ZOO)

# Types, clicks and saves as a user would; compares what is saved with the output of the command. Needs PyPI for one package.
test-page: build
	python3 -m venv .build/page
	.build/page/bin/pip install -q websocket-client==1.8.0
	.build/page/bin/python Tools/page/check_page.py $(ZOO)

# A check before a release: the newest packages are parsed but never imported; differences must be explained in Tools/facts.
facts:
	rm -rf .build/facts
	python3 -m venv .build/facts/python
	.build/facts/python/bin/pip download -q --no-deps --only-binary :all: -d .build/facts open_clip_torch timm transformers
	.build/facts/python/bin/python Tools/facts/check_facts.py .build/facts

# libFuzzer on the readers; needs a build of its own.
fuzz: packages
	@SWIFT=$(SWIFT) Tools/fuzz.sh

# Installs schemathesis from PyPI if it is missing.
fuzz-serve: build
	python3 Tools/serve/fuzz.py $(ZOO)

# Prints what was tried and the result; fails if an attack succeeded. Full disks need root, kills need strace.
attack: build
	python3 Tools/attack/attack.py $(ZOO)

# The attacks that the CI gate runs, in under three minutes.
attack-quick: build
	python3 Tools/attack/attack.py $(ZOO) --quick

bench: build
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(ZOO) bench ViT-B-16

# The authors' package on the same weights and pictures, alternating with ours; needs PyPI.
bench-reference: build
	python3 -m venv .build/reference
	.build/reference/bin/pip install -q legrad_torch==1.1 open_clip_torch==2.23.0 timm tokenizers safetensors setuptools
	.build/reference/bin/python Tools/bench_reference.py --zoo $(ZOO)

# OpenVINO, ONNX Runtime and PyTorch on the same weights, alternating with ours; needs PyPI and half an hour.
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

# Builds in one root of each release and installs in another. Lists the differences between the two builds for this machine's own release (docs/packages.md).
dist-check: dist
	SWIFT=$(SWIFT) Tools/dist/roots.sh build bookworm trixie
	-Tools/dist/compare.sh
	Tools/dist/roots.sh check bookworm trixie

# DOCS_BASE_PATH=/zoo if the site is served below a path.
docs: packages
	$(SWIFT) build $(TRAITS) --target Zoo
	@SWIFT=$(SWIFT) Tools/docs/docs.sh

docs-check: packages
	$(SWIFT) build $(TRAITS) --target Zoo
	@SWIFT=$(SWIFT) Tools/docs/docs.sh --check

# Needs the compiled modules of the dependencies: run it after a build.
check-darwin:
	@python3 Tools/darwin/check.py

clean:
	rm -rf .build .build-asan .build-tsan .build-dist .build-fuzz out
