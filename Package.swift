// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let webServer = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let network = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let networkPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let networkHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpParts = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let httpCodec = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

// The program of the Python host, compiled in; see Sources/PuyPuyChecks/Python.
let hostProgram = [
    "frames", "isolation", "lib_basecheck", "lib_commonclient", "lib_getconfig", "lib_puylogger",
    "lib_pushdata", "lib_record_rate", "lib_sharedvars", "library", "main", "modules", "rates",
    "run", "values",
]

// The page of the web server, compiled in; see Sources/PuyPuyAgent/Web/Page.
let pageFiles = [
    "page.html", "page.css", "page.svg", "page.js", "client.js", "elements.js", "overview.js",
    "explore.js", "chart.js",
]

let package = Package(
    name: "puypuy",
    products: [
        .executable(name: "puypuy", targets: ["puypuy"]),
        // For tests: a wall clock that they step.
        .library(name: "SteppedClock", type: .dynamic, targets: ["SteppedClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
        .package(
            url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    ],
    targets: [
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"])]),

        .target(name: "CChecksum"),

        .target(name: "PuyPuyCore", dependencies: ["CChecksum"], swiftSettings: strict),
        .target(
            name: "PuyPuySpool", dependencies: ["PuyPuyCore", "CSQLite", logging],
            resources: [
                .embedInCode("Migrations/0001_create_spool.sql"),
                .embedInCode("Migrations/0002_create_salvaged.sql"),
            ],
            swiftSettings: strict),
        .target(
            name: "PuyPuyChecks",
            dependencies: ["PuyPuyCore", logging, subprocess, systemPackage],
            resources: hostProgram.map { .embedInCode("Python/Host/\($0).py") },
            swiftSettings: strict),
        .target(
            name: "PuyPuyBackends",
            dependencies: ["PuyPuyCore", "CCurl", "CZlib", "CSnappy", logging],
            swiftSettings: strict),
        .target(
            name: "PuyPuySender",
            dependencies: ["PuyPuyCore", "PuyPuySpool", "PuyPuyBackends", logging],
            swiftSettings: strict),
        .target(
            name: "PuyPuyAgent",
            dependencies: [
                "PuyPuyCore", "PuyPuySpool", "PuyPuyChecks", "PuyPuyBackends", "PuyPuySender",
                logging, lifecycle, signals, webServer, network, networkPosix, networkHTTP,
                httpParts,
                httpCodec, httpTypes,
            ],
            resources: pageFiles.map { .embedInCode("Web/Page/\($0)") },
            swiftSettings: strict),
        .executableTarget(
            name: "puypuy",
            dependencies: [
                "PuyPuyCore", "PuyPuySpool", "PuyPuyChecks", "PuyPuyBackends", "PuyPuySender",
                "PuyPuyAgent", arguments, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "puypuy-bench",
            dependencies: [
                "PuyPuyCore", "PuyPuySpool", "PuyPuyChecks", "PuyPuyBackends", "PuyPuySender",
                "CSQLite", "CZlib", "TestSupport", logging,
            ],
            path: "Benchmarks", swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["PuyPuyCore", "CZlib", "CSnappy"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "puypuy-fault-writer",
            dependencies: ["PuyPuyCore", "PuyPuySpool", "TestSupport", logging],
            path: "Tests/FaultWriter", swiftSettings: strict),
        .testTarget(
            name: "PuyPuyCoreTests", dependencies: ["PuyPuyCore", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PuyPuySpoolTests",
            dependencies: ["PuyPuyCore", "PuyPuySpool", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(
            name: "PuyPuySenderTests",
            dependencies: [
                "PuyPuyCore", "PuyPuySpool", "PuyPuyBackends", "PuyPuySender", "TestSupport",
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PuyPuyBackendsTests",
            dependencies: ["PuyPuyCore", "PuyPuyBackends", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PuyPuyChecksTests",
            dependencies: ["PuyPuyChecks", "PuyPuyCore", "TestSupport", logging],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "PuyPuyAgentTests",
            dependencies: [
                "PuyPuyAgent", "PuyPuyBackends", "PuyPuyChecks", "PuyPuyCore", "PuyPuySpool",
                "TestSupport", logging, network, networkPosix,
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .target(name: "SteppedClock", path: "Tests/SteppedClock"),
        .testTarget(
            name: "PuyPuyFaultTests",
            dependencies: [
                "PuyPuyAgent", "PuyPuyBackends", "PuyPuyChecks", "PuyPuyCore", "PuyPuySpool",
                "TestSupport", "puypuy", "puypuy-fault-writer", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PuyPuyTests", dependencies: ["PuyPuyCore", "TestSupport", "puypuy"],
            exclude: ["PageAudit.js"], swiftSettings: strict),
    ]
)
