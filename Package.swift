// swift-tools-version: 6.3
import PackageDescription

/// Settings for C code: stack protection, and in release builds copies that check the size of their target.
///
/// For manifests of version 6.2 and later, SwiftPM also accepts such flags in versioned dependencies: the kernels are as fast in the debug builds of
/// packages that depend on zoo.
func hardened(_ flags: String...) -> [CSetting] {
  [
    .unsafeFlags(flags + ["-fstack-protector-strong"]),
    .define("_FORTIFY_SOURCE", to: "3", .when(platforms: [.linux], configuration: .release)),
  ]
}

// C kernels matter even in debug builds and in tests: always optimised.
let kernelSettings = hardened("-O3", "-std=c17")

/// A module map for a system library: header, pkg-config name and the packages that provide it.
func system(_ name: String, _ pkgConfig: String?, apt: String, brew: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig,
    providers: [.apt([apt]), .brew([brew])])
}

let moreFormats: TargetDependencyCondition? = .when(traits: ["MoreFormats"])

/// What `zoo --version` prints. The Makefile derives it from the tag (Tools/dist/version.sh); a plain `swift build` uses this one, the newest in
/// CHANGELOG.md.
let version = Context.environment["ZOO_VERSION"] ?? "0.1.0"

let package = Package(
  name: "zoo",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "zoo", targets: ["ZooCommand"]),
    .library(name: "Zoo", targets: ["Zoo"]),
  ],
  traits: [
    .trait(name: "OneDNN", description: "Products by oneDNN, in f32, bf16 or int8, on Linux (libdnnl-dev)."),
    .trait(
      name: "MoreFormats",
      description:
        "GIF, TIFF, HEIC and AVIF pictures (libgif-dev, libtiff-dev, libheif-dev, libde265-dev, libavif-dev)."),
    .default(enabledTraits: ["OneDNN"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    // Dependencies of swift-nio, also pinned to exact versions.
    .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
  ],
  targets: [
    // System libraries.
    system("CZlib", "zlib", apt: "libz-dev", brew: "zlib"),
    system("CCurl", "libcurl", apt: "libcurl4-openssl-dev", brew: "curl"),
    system("CCrypto", "libcrypto", apt: "libssl-dev", brew: "openssl"),
    system("COpenBLAS", "openblas", apt: "libopenblas-dev", brew: "openblas"),
    system("CJPEG", "libjpeg", apt: "libjpeg-dev", brew: "jpeg-turbo"),
    system("CPNG", "libpng", apt: "libpng-dev", brew: "libpng"),
    system("CWebP", "libwebp", apt: "libwebp-dev", brew: "webp"),
    system("CGIF", nil, apt: "libgif-dev", brew: "giflib"),
    system("CTIFF", "libtiff-4", apt: "libtiff-dev", brew: "libtiff"),
    system("CHEIF", "libheif", apt: "libheif-dev", brew: "libheif"),
    system("CAVIF", "libavif", apt: "libavif-dev", brew: "libavif"),

    // C.
    .target(name: "CZooKernels", cSettings: kernelSettings),
    .target(
      name: "CVocabulary",
      exclude: ["bpe_simple_vocab_16e6.txt.gz", "class_names.tsv.gz", "decompositions.txt.gz", "templates.txt"],
      cSettings: [.unsafeFlags(["-std=c23"])]),
    // A default trait applies on every platform, so the platform is checked wherever the trait is.
    .target(
      name: "COneDNNShim",
      cSettings: kernelSettings + [.define("ZOO_ONEDNN", .when(platforms: [.linux], traits: ["OneDNN"]))],
      linkerSettings: [.linkedLibrary("dnnl", .when(platforms: [.linux], traits: ["OneDNN"]))]),
    .target(name: "CHTTP", dependencies: ["CCurl"], cSettings: hardened("-std=c17")),
    .target(name: "CFiles", cSettings: hardened("-std=c17")),
    // For the command alone, which owns the whole process.
    .target(
      name: "CProcess", dependencies: ["CFiles"],
      cSettings: hardened("-std=c17") + [.define("ZOO_VERSION", to: "\"\(version)\"")]),
    .target(
      name: "CImageCodecs",
      dependencies: [
        "CJPEG", "CPNG", "CWebP", .target(name: "CGIF", condition: moreFormats),
        .target(name: "CTIFF", condition: moreFormats), .target(name: "CHEIF", condition: moreFormats),
        .target(name: "CAVIF", condition: moreFormats),
      ],
      cSettings: kernelSettings + [.define("ZOO_MORE_FORMATS", .when(traits: ["MoreFormats"]))],
      linkerSettings: [.linkedLibrary("webpdemux")]
        + ["gif", "tiff", "heif", "de265", "avif"].map { .linkedLibrary($0, .when(traits: ["MoreFormats"])) }),
    // Loads Pango and Cairo when something is drawn; not needed for the build.
    .target(name: "CDrawing", cSettings: hardened("-O2", "-std=gnu17")),

    // Loads the HDF5 library when a MATLAB file is read; not needed for the build.
    .target(name: "CHDF5", cSettings: hardened("-std=gnu17")),

    // The modules; each imports only modules above it in this list.
    .target(name: "ZooTensors", dependencies: ["CZooKernels"]),
    .target(name: "ZooJSON", dependencies: ["ZooTensors"]),
    .target(name: "ZooModels", dependencies: ["ZooJSON"]),
    .target(
      name: "ZooManifests", dependencies: ["ZooModels"], path: "Manifests", exclude: ["models", "README.md"],
      plugins: ["EmbedManifests"]),
    .target(name: "ZooCheckpoints", dependencies: ["ZooJSON", "CFiles", "CZlib", "CCrypto"]),
    .target(name: "ZooText", dependencies: ["ZooModels", "CZlib", "CVocabulary"]),
    .target(name: "ZooImages", dependencies: ["ZooTensors", "ZooModels", "CImageCodecs", "CZooKernels"]),
    .target(name: "ZooDrawing", dependencies: ["ZooImages", "CDrawing"]),
    .target(name: "ZooConvert", dependencies: ["ZooCheckpoints", "ZooModels", "ZooText", "CFiles", "CZooKernels"]),
    .target(
      name: "ZooRuntime",
      dependencies: [
        "ZooCheckpoints", "ZooText", "ZooImages", "ZooModels", "CZooKernels",
        .target(name: "COpenBLAS", condition: .when(platforms: [.linux])),
        .target(name: "COneDNNShim", condition: .when(platforms: [.linux], traits: ["OneDNN"])),
      ]),
    .target(name: "ZooExplain", dependencies: ["ZooRuntime"]),
    .target(
      name: "ZooEvaluate",
      dependencies: ["ZooExplain", "ZooCheckpoints", "ZooText", "ZooJSON", "CZooKernels", "CVocabulary", "CHDF5"]),
    .target(name: "ZooStore", dependencies: ["ZooConvert", "ZooCheckpoints", "ZooModels", "CFiles", "CHTTP"]),
    // The files of the web page, which are built into the binary.
    .target(name: "CPage", exclude: ["page"], cSettings: [.unsafeFlags(["-std=c23"])]),
    .target(
      name: "ZooServer",
      dependencies: [
        "ZooStore", "ZooExplain", "ZooJSON", "CPage", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),
    // The module of `import Zoo`.
    .target(name: "Zoo", dependencies: ["ZooStore", "ZooEvaluate", "ZooManifests"], path: "Sources/ZooLibrary"),
    // Not named after its product: on case-insensitive file systems its module would be `Zoo`.
    .executableTarget(
      name: "ZooCommand",
      dependencies: [
        "ZooServer", "ZooStore", "ZooEvaluate", "ZooExplain", "ZooConvert", "ZooRuntime", "ZooManifests", "CProcess",
        "CZooKernels",
        "ZooDrawing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/zoo"),

    // Turns Manifests/models/*.json into Swift source, so that they are built into the binary.
    .executableTarget(name: "embed-manifests", dependencies: ["ZooModels"], path: "Tools/embed-manifests"),
    .plugin(
      name: "EmbedManifests", capability: .buildTool(), dependencies: ["embed-manifests"],
      path: "Tools/EmbedManifests"),

    // Tests: one target per module, and end-to-end tests that run the built command.
    .target(name: "ZooTestSupport", path: "Tests/Support"),
    .target(
      name: "ZooFixtures", dependencies: ["ZooTestSupport", "ZooConvert", "ZooRuntime", "ZooManifests"],
      path: "Tests/Fixtures"),
    .testTarget(name: "ZooTensorsTests", dependencies: ["ZooTensors", "ZooTestSupport"]),
    .testTarget(name: "ZooModelsTests", dependencies: ["ZooModels", "ZooManifests", "ZooTestSupport"]),
    .testTarget(name: "ZooCheckpointsTests", dependencies: ["ZooCheckpoints", "ZooTestSupport", "CProcess"]),
    .testTarget(name: "ZooTextTests", dependencies: ["ZooText", "ZooModels", "ZooTestSupport"]),
    .testTarget(name: "ZooImagesTests", dependencies: ["ZooImages", "ZooCheckpoints", "ZooTestSupport"]),
    .testTarget(name: "ZooDrawingTests", dependencies: ["ZooDrawing"]),
    .testTarget(name: "ZooConvertTests", dependencies: ["ZooConvert", "ZooImages", "ZooManifests", "ZooTestSupport"]),
    .testTarget(name: "ZooRuntimeTests", dependencies: ["ZooRuntime", "ZooFixtures", "CZooKernels"]),
    .testTarget(name: "ZooExplainTests", dependencies: ["ZooExplain", "ZooFixtures"]),
    .testTarget(name: "ZooEvaluateTests", dependencies: ["ZooEvaluate", "ZooFixtures", "CHDF5"]),
    .testTarget(name: "ZooStoreTests", dependencies: ["ZooStore", "ZooManifests", "ZooTestSupport"]),
    // What users of the library see, and nothing else.
    .target(name: "SwiftUILike", path: "Tests/Stubs/SwiftUILike"),
    .target(name: "TransformersLike", path: "Tests/Stubs/TransformersLike"),
    .testTarget(
      name: "ZooLibraryTests", dependencies: ["Zoo", "SwiftUILike", "TransformersLike", "ZooTestSupport"],
      packageAccess: false),
    .testTarget(name: "ZooServerTests", dependencies: ["ZooServer", "ZooFixtures"]),
    // The code in the guides: like an app outside of this package, it only sees what `import Zoo` makes public.
    .testTarget(name: "ZooGuideTests", dependencies: ["Zoo", "ZooTestSupport"], packageAccess: false),
    .testTarget(name: "ZooEndToEndTests", dependencies: ["ZooTestSupport", "ZooCommand"], exclude: ["Snapshots"]),
  ],
  swiftLanguageModes: [.v6]
)

// `make fuzz`: libFuzzer for the readers. Only on request, as it needs a build of its own.
if Context.environment["ZOO_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz-checkpoints", dependencies: ["ZooCheckpoints", "ZooTestSupport"], path: "Tests/Fuzz",
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}
