// swift-tools-version: 6.0
import PackageDescription

// A package of somebody else's: it depends on arbex and adds a correction term of its own.
let package = Package(
  name: "prototype-arbex",
  dependencies: [.package(name: "arbex", path: "../..")],
  targets: [
    .executableTarget(name: "prototype-arbex", dependencies: [.product(name: "ARBEx", package: "arbex")])
  ],
  swiftLanguageModes: [.v6]
)
