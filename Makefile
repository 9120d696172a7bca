# make quickstart   installs what is missing, builds, trains the quickstart recipe and shows the result
# make test         installs what is missing, checks the format, builds and runs every test, the reference's also with
#                   the kernels of older CPUs
# make format       brings every Swift file into the form that make test asks for
PACKAGES = libopenblas-dev liblapacke-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev libgif-dev libssl-dev zlib1g-dev pkg-config
ARBEX = .build/release/arbex
# Suites that run again with the kernels of older CPUs: single operations and whole networks against the reference.
KERNEL_SUITES = 'Golden|Gradient|Winograd|Parallel|Convolution|Layer'
SWIFT = Package.swift Plugins Sources Tests
AS_ROOT = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: quickstart test build setup format clean

quickstart: build
	@if [ -e runs/quickstart ]; then $(ARBEX) train Recipes/quickstart.json5 --resume; \
	  else $(ARBEX) train Recipes/quickstart.json5; fi
	@$(ARBEX) eval runs/quickstart
	@echo "Pictures: runs/quickstart/report.html"

test: setup
	swift format lint --strict --recursive $(SWIFT)
	swift test -c release -Xswiftc -enable-testing
	for kernels in avx2 baseline; do \
	  ARBEX_KERNELS=$$kernels swift test -c release -Xswiftc -enable-testing --skip-build --filter $(KERNEL_SUITES) || exit 1; \
	done
	Tests/ExternalPlugin/check

build: setup
	swift build -c release --product arbex

# Debian's packages; asks for nothing where they are installed already.
setup:
	@command -v swift >/dev/null || { echo "arbex needs Swift 6.1 or newer: https://www.swift.org/install"; exit 1; }
	@dpkg-query -W -f '$${db:Status-Abbrev} $${Package}\n' $(PACKAGES) 2>/dev/null | grep -c '^ii' | grep -qx $(words $(PACKAGES)) || \
	  { echo "Installing $(PACKAGES)"; $(AS_ROOT) apt-get update -qq && $(AS_ROOT) apt-get install -y -qq --no-install-recommends $(PACKAGES); }

format:
	swift format --in-place --recursive $(SWIFT)

clean:
	rm -rf .build Tests/ExternalPlugin/.build
