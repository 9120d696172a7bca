// swift-tools-version: 6.0
import PackageDescription

/// A room of the house (DESIGN: Sources) and what it may import.
func room(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(name)")
}

/// A plug-in: one folder per published idea. It never sees data loading, training or another plug-in.
func plugin(_ name: String) -> Target {
  .target(
    name: name, dependencies: ["FERCore", "NeuralKit", "TensorKit"], path: "Plugins/\(name)",
    exclude: ["README.md"])
}

/// A C library of the system, found by pkg-config and installed by apt.
func system(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// The tests of one room or plug-in; `TestSupport` holds what they share.
func suite(_ name: String, testing dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests")
}

let package = Package(
  name: "arbex",
  products: [
    .library(name: "ARBEx", targets: ["ARBEx"]),
    .library(name: "TestSupport", targets: ["TestSupport"]),
    .executable(name: "arbex", targets: ["arbex"]),
  ],
  targets: [
    system("COpenBLAS", pkgConfig: "openblas", package: "libopenblas-dev"),
    system("CLAPACKE", pkgConfig: "lapacke", package: "liblapacke-dev"),
    system("CJPEG", pkgConfig: "libjpeg", package: "libjpeg-dev"),
    system("CPNG", pkgConfig: "libpng", package: "libpng-dev"),
    system("CTIFF", pkgConfig: "libtiff-4", package: "libtiff-dev"),
    system("CCrypto", pkgConfig: "libcrypto", package: "libssl-dev"),
    .target(
      name: "CImageCodecs", dependencies: ["CJPEG", "CPNG", "CTIFF"], path: "Sources/CImageCodecs"),
    .target(name: "CKernels", path: "Sources/CKernels"),

    room("TensorKit", uses: ["COpenBLAS", "CLAPACKE", "CKernels"]),
    room("NeuralKit", uses: ["TensorKit", "CKernels", "CCrypto"]),
    room("FERCore", uses: ["NeuralKit", "TensorKit"]),
    room("FERData", uses: ["FERCore", "NeuralKit", "TensorKit", "CImageCodecs"]),
    room("FERTraining", uses: ["FERData", "FERCore", "NeuralKit", "TensorKit"]),

    plugin("FaceBackbones"),
    plugin("POSTER"),
    plugin("ReliabilityBalancing"),

    room(
      "ARBEx",
      uses: [
        "FERTraining", "FERData", "FERCore", "NeuralKit", "TensorKit",
        "FaceBackbones", "POSTER", "ReliabilityBalancing",
      ]),
    .executableTarget(name: "arbex", dependencies: ["ARBEx"], path: "Sources/arbex"),

    .target(
      name: "TestSupport", dependencies: ["FERCore", "NeuralKit", "TensorKit"],
      path: "Tests/TestSupport"),
    suite("TensorKit", testing: ["TensorKit", "CKernels"]),
    suite("NeuralKit", testing: ["NeuralKit", "TensorKit"]),
    suite("FERCore", testing: ["FERCore", "NeuralKit", "TensorKit"]),
    suite("FERData", testing: ["FERData", "FERCore", "TensorKit"]),
    suite("FERTraining", testing: ["FERTraining", "FERData", "FERCore", "NeuralKit", "TensorKit"]),
    suite("FaceBackbones", testing: ["FaceBackbones", "FERCore", "NeuralKit", "TensorKit"]),
    suite("POSTER", testing: ["POSTER", "FERCore", "NeuralKit", "TensorKit"]),
    suite("ReliabilityBalancing", testing: ["ReliabilityBalancing", "FERCore", "NeuralKit", "TensorKit"]),
    suite(
      "ARBEx",
      testing: [
        "ARBEx", "FERTraining", "FERData", "FERCore", "NeuralKit", "TensorKit",
        "FaceBackbones", "POSTER", "ReliabilityBalancing",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
