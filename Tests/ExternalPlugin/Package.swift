// swift-tools-version: 6.1
import PackageDescription

// The traits that arbex was built with are told by its Makefile, lest all of it be built again.
let traits = (Context.environment["TRAITS"] ?? "").dropFirst("--traits ".count).split(separator: ",")
  .map { Package.Dependency.Trait(name: String($0)) }

// A package of somebody else's: it depends on arbex and adds components of every kind. The components are a library, so
// that tests can import them; the program is its main file alone.
let package = Package(
  name: "outside-arbex",
  dependencies: [.package(name: "arbex", path: "../..", traits: Set(traits))],
  targets: [
    .target(name: "Outside", dependencies: [.product(name: "ARBEx", package: "arbex")]),
    .executableTarget(name: "outside-arbex", dependencies: ["Outside"]),
    .testTarget(
      name: "OutsideTests", dependencies: ["Outside", .product(name: "TestSupport", package: "arbex")]),
  ],
  swiftLanguageModes: [.v6]
)
