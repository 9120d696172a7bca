# make quickstart   installs what is missing, builds, trains the quickstart recipe and shows the result
# make test         installs what is missing, checks the format, builds and runs every test, the reference's also with
#                   the kernels of older CPUs, and a minute of trying to break the program
# make install      builds a program that needs no Swift toolchain, and puts it with recipes, man pages and completion below
#                   PREFIX (/usr/local), with DESTDIR before it; make uninstall takes it away
# make deb          the same as a Debian package: .build/deb/arbex_VERSION_ARCHITECTURE.deb
# make faults       an hour of trying to break the program: mutated inputs, failing system calls, kills, damage
# make sanitize     the tests of tensors and images, and the C interface on eight threads, under address, undefined-behaviour
#                   and thread sanitizers
# make format       brings every Swift file into the form that make test asks for
# FACES=1 beside any of them: with faces found in photographs by dlib, whose packages are then installed, too
# MPI=1 beside any of them: with training over many processes by Open MPI; make test MPI=1 tries 1, 2 and 4 of them
PACKAGES = $(if $(FACES),libdlib-dev libdlib-data) $(if $(MPI),libopenmpi-dev openmpi-bin) libopenblas-dev liblapacke-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev libgif-dev libssl-dev zlib1g-dev pkg-config python3
ARBEX = .build/release/arbex
PREFIX = /usr/local
DESTDIR =
COMMA = ,
# Built apart: with the Swift runtime linked in.
STATIC = .build/static
# Of a shared library's own accord the linker does not look there.
STATIC_RUNTIME = $(dir $(realpath $(shell command -v swiftc)))../lib/swift_static/linux
INSTALLED = bin/arbex lib/libarbex.so include/arbex.h share/arbex share/doc/arbex share/bash-completion/completions/arbex share/zsh/site-functions/_arbex \
  share/zsh/vendor-completions/_arbex share/fish/vendor_completions.d/arbex.fish share/man/man1/arbex.1.gz share/man/man1/arbex-*.1.gz
export TRAITS = $(if $(FACES)$(MPI),--traits $(if $(FACES),Faces)$(if $(and $(FACES),$(MPI)),$(COMMA))$(if $(MPI),MPI))
# How all that is tested is built, here and in the checks that `make test` calls. `swift test` alone would build with other
# flags, and whatever is built after it everything once more.
TESTABLE = -c release -Xswiftc -enable-testing $(TRAITS)
# Suites that run again with the kernels of older CPUs: single operations and whole networks against the reference.
KERNEL_SUITES = 'Golden|Gradient|Winograd|Parallel|Convolution|Layer|RankTests|Shards'
# Suites in which threads meet.
THREAD_SUITES = 'Parallel|Loader|Pipeline|Arena|Quarantine'
SWIFT = Package.swift Plugins Sources Tests
AS_ROOT = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: quickstart test faults sanitize build static install uninstall deb setup format clean

quickstart: build
	@if [ -e runs/quickstart ]; then $(ARBEX) train Recipes/quickstart.json5 --resume; \
	  else $(ARBEX) train Recipes/quickstart.json5; fi
	@$(ARBEX) eval runs/quickstart
	@echo "Pictures: runs/quickstart/report.html"

test: setup
	swift format lint --strict --recursive $(SWIFT)
	swift build $(TESTABLE) --build-tests
	swift test $(TESTABLE) --skip-build
	for kernels in avx2 baseline; do \
	  ARBEX_KERNELS=$$kernels swift test $(TESTABLE) --skip-build --filter $(KERNEL_SUITES) || exit 1; \
	done
	Tests/ExternalPlugin/check
	Tests/CInterface/check
	BUILD=no Tests/Faults/run short
	$(if $(MPI),Tests/MPI/check)

faults: build
	Tests/Faults/run

# Debug builds of a few suites, beside the usual ones. XCTest keeps what it makes, so leaks are not looked for. The thread
# sanitizer sees OpenBLAS's own threads without their locks.
sanitize: setup
	ARBEX_SUITES='TensorKit FERData' ASAN_OPTIONS=detect_leaks=0 swift test --scratch-path .build-sanitize/address \
	  --sanitize=address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined
	ARBEX_SUITES='TensorKit FERData' OPENBLAS_NUM_THREADS=1 TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/CInterface/thread-sanitizer.txt \
	  swift test --scratch-path .build-sanitize/thread \
	  --sanitize=thread --filter $(THREAD_SUITES)
	Tests/CInterface/sanitize

build: setup
	swift build -c release --product arbex $(TRAITS)

static: setup
	swift build -c release --product arbex --static-swift-stdlib --scratch-path $(STATIC) $(TRAITS)
	swift build -c release --product arbex-c --static-swift-stdlib --scratch-path $(STATIC) $(TRAITS) -Xlinker -L$(STATIC_RUNTIME)

install: static
	Sources/Tool/packaging/install $(STATIC)/release "$(DESTDIR)" "$(PREFIX)"

uninstall:
	rm -rf $(addprefix $(DESTDIR)$(PREFIX)/,$(INSTALLED))

deb: static
	@command -v dpkg-shlibdeps >/dev/null || { $(AS_ROOT) apt-get update -qq && $(AS_ROOT) apt-get install -y -qq --no-install-recommends dpkg-dev; }
	Sources/Tool/packaging/deb $(STATIC)/release .build/deb

# Debian's packages; asks for nothing where they are installed already.
setup:
	@command -v swift >/dev/null || { echo "arbex needs Swift 6.1 or newer: https://www.swift.org/install"; exit 1; }
	@dpkg-query -W -f '$${db:Status-Abbrev} $${Package}\n' $(PACKAGES) 2>/dev/null | grep -c '^ii' | grep -qx $(words $(PACKAGES)) || \
	  { echo "Installing $(PACKAGES)"; $(AS_ROOT) apt-get update -qq && $(AS_ROOT) apt-get install -y -qq --no-install-recommends $(PACKAGES); }

format:
	swift format --in-place --recursive $(SWIFT)

clean:
	rm -rf .build .build-sanitize
