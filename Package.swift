// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The folders under `Plugins/`: one published idea, one target.
let plugins = [
  "APViT", "Baselines", "DlibFaces", "EfficientFace", "IR50", "MobileFaceNet", "POSTER", "POSTERPlusPlus",
  "RAN",
  "ReliabilityBalancing", "ResNet", "RUL", "SCN",
]
/// The rooms below the umbrella, lowest first; each may import those before it.
let rooms = ["Support", "TensorKit", "NeuralKit", "FERCore", "FERData", "FERTraining", "FERTools"]

func named(_ names: [String]) -> [Target.Dependency] { names.map { .init(stringLiteral: $0) } }

/// A room of the house, with the C targets that it alone uses.
func room(_ name: String, uses libraries: [String] = []) -> Target {
  .target(
    name: name, dependencies: named(rooms.prefix { $0 != name } + libraries), path: "Sources/\(name)")
}

/// What a plug-in alone uses, where a trait asks for it.
let libraries: [String: [Target.Dependency]] = [
  "DlibFaces": [.target(name: "CDlib", condition: .when(traits: ["Faces"]))]
]

/// A plug-in never sees data loading, training or another plug-in. Its page may have pictures.
func plugin(_ name: String) -> Target {
  let charts = FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Plugins/\(name)/charts")
  return .target(
    name: name, dependencies: ["FERCore", "NeuralKit", "TensorKit"] + (libraries[name] ?? []),
    path: "Plugins/\(name)", exclude: ["README.md"] + (charts ? ["charts"] : []))
}

/// A C library of the system, found by pkg-config and installed by apt.
func system(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// The tests of one room or plug-in, which see what lies below it; what hands worked examples to the conformance kit
/// sees all rooms, and a plug-in's tests see the whole program: a published network is several plug-ins'. `TestSupport`
/// holds what they share. `FaultHarness`, `FaceMeasure` and `RankHarness` are no suites
/// but programs: the first must outlive what it breaks, the second takes minutes, the third is started several times at once.
func suite(_ name: String, testing names: [String]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: named(names) + ["TestSupport"], path: "Tests/\(name)Tests")
}

/// `make sanitize` builds a few of them only, by name; all where the environment names none.
let wanted = Context.environment["ARBEX_SUITES"].map { $0.split(separator: " ").map { "\($0)Tests" } }
let suites =
  ([
    suite("Support", testing: ["Support"]),
    suite("TensorKit", testing: ["TensorKit", "CKernels", "Support"]),
    suite("Ranks", testing: ["Ranks", "TensorKit", "Support"]),
    suite("NeuralKit", testing: rooms),
    suite("FERCore", testing: ["FERCore", "NeuralKit", "TensorKit", "Support"]),
    suite("FERData", testing: rooms),
    suite("FERTraining", testing: rooms),
    suite("FERTools", testing: rooms),
    suite("ARBEx", testing: ["ARBEx", "Ranks"] + rooms + plugins),
    .executableTarget(
      name: "FaultHarness", dependencies: ["ARBEx"] + named(rooms), path: "Tests/Faults/Harness"),
    .executableTarget(
      name: "FaceMeasure", dependencies: ["ARBEx"] + named(rooms), path: "Tests/Faces/Measure"),
    .executableTarget(
      name: "RankHarness", dependencies: ["Ranks", "TensorKit", "Support"], path: "Tests/MPI/Harness"),
  ] + plugins.map { suite($0, testing: plugins + ["ARBEx"] + rooms) })
  .filter { wanted?.contains($0.name) ?? true }

let package = Package(
  name: "arbex",
  products: [
    .library(name: "ARBEx", targets: ["ARBEx"]),
    .library(name: "TestSupport", targets: ["TestSupport"]),
    .executable(name: "arbex", targets: ["Tool"]),
    // `make install` calls it libarbex.so, as arbex.h says; a product of that name there is already.
    .library(name: "arbex-c", type: .dynamic, targets: ["CInterface"]),
  ],
  traits: [
    .trait(
      name: "Faces", description: "Finds faces in photographs by dlib; needs libdlib-dev and libdlib-data."),
    .trait(name: "MPI", description: "Trains over many processes by Open MPI; needs libopenmpi-dev."),
  ],
  targets: [
    system("COpenBLAS", pkgConfig: "openblas", package: "libopenblas-dev"),
    system("CLAPACKE", pkgConfig: "lapacke", package: "liblapacke-dev"),
    system("CJPEG", pkgConfig: "libjpeg", package: "libjpeg-dev"),
    system("CPNG", pkgConfig: "libpng", package: "libpng-dev"),
    system("CTIFF", pkgConfig: "libtiff-4", package: "libtiff-dev"),
    system("CWebP", pkgConfig: "libwebpdemux", package: "libwebp-dev"),
    system("CGIF", pkgConfig: "libgif", package: "libgif-dev"),
    system("CCrypto", pkgConfig: "libcrypto", package: "libssl-dev"),
    system("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    system("CMPI", pkgConfig: "ompi-c", package: "libopenmpi-dev"),
    .systemLibrary(name: "CMalloc", path: "Sources/CMalloc"),
    .target(
      name: "CImageCodecs", dependencies: ["CJPEG", "CPNG", "CTIFF", "CWebP", "CGIF", "CZlib"],
      path: "Sources/CImageCodecs"),
    .target(name: "CKernels", path: "Sources/CKernels"),
    .target(name: "CProcess", path: "Sources/CProcess"),
    // By name: its pkg-config carries flags that SwiftPM forbids. Empty without the trait.
    .target(
      name: "CDlib", path: "Sources/CDlib",
      cxxSettings: [.define("ARBEX_FACES", .when(traits: ["Faces"]))],
      linkerSettings: ["dlib", "lapack", "blas"].map { .linkedLibrary($0, .when(traits: ["Faces"])) }),

    room("Support", uses: ["CCrypto", "CMalloc", "CProcess", "CZlib"]),
    room("TensorKit", uses: ["COpenBLAS", "CLAPACKE", "CKernels"]),
    room("NeuralKit", uses: ["CKernels"]),
    room("FERCore"),
    room("FERData", uses: ["CImageCodecs"]),
    room("FERTraining"),
    room("FERTools"),
    // Nothing else knows MPI. Without the trait there is only ever one process.
    .target(
      name: "Ranks",
      dependencies: ["Support", "TensorKit", .target(name: "CMPI", condition: .when(traits: ["MPI"]))],
      path: "Sources/Ranks"),
    .target(name: "ARBEx", dependencies: ["Ranks"] + named(rooms + plugins), path: "Sources/ARBEx"),
    .executableTarget(
      name: "Tool", dependencies: ["ARBEx"], path: "Sources/Tool", exclude: ["packaging"]),
    .target(
      name: "CInterface", dependencies: ["ARBEx"] + named(rooms), path: "Sources/CInterface",
      exclude: ["arbex.h"]),

    .target(
      name: "TestSupport", dependencies: ["ARBEx"] + named(rooms), path: "Tests/TestSupport"),
  ] + plugins.map(plugin) + suites,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
