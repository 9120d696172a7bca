// swift-tools-version: 6.0
import PackageDescription

// A package of somebody else's: it depends on arbex and adds components of every kind.
let package = Package(
  name: "outside-arbex",
  dependencies: [.package(name: "arbex", path: "../..")],
  targets: [
    .executableTarget(name: "outside-arbex", dependencies: [.product(name: "ARBEx", package: "arbex")])
  ],
  swiftLanguageModes: [.v6]
)
