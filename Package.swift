// swift-tools-version: 6.3
import PackageDescription

/// Settings of C code: guards of the stack, and in release builds copies that know the size of their target.
///
/// For manifests of version 6.2 on, SwiftPM takes such flags from dependencies with a version too: the kernels are as fast in the debug builds of
/// those who depend on zoo.
func hardened(_ flags: String...) -> [CSetting] {
  [
    .unsafeFlags(flags + ["-fstack-protector-strong"]),
    .define("_FORTIFY_SOURCE", to: "3", .when(platforms: [.linux], configuration: .release)),
  ]
}

// C kernels are hot even in debug builds and in tests: always optimised.
let kernelSettings = hardened("-O3", "-std=c17")

/// A module map over a system library: header, pkg-config name and the packages that bring it.
func system(_ name: String, _ pkgConfig: String?, apt: String, brew: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig,
    providers: [.apt([apt]), .brew([brew])])
}

let moreFormats: TargetDependencyCondition? = .when(traits: ["MoreFormats"])

/// What `zoo --version` prints. The Makefile tells it from the tag (Tools/dist/version.sh); a plain `swift build` has this one, the
/// newest of CHANGELOG.md.
let version = Context.environment["ZOO_VERSION"] ?? "0.1.0"

let package = Package(
  name: "zoo",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "zoo", targets: ["ZooCommand"]),
    .library(name: "Zoo", targets: ["Zoo"]),
  ],
  traits: [
    .trait(name: "OneDNN", description: "Products by oneDNN, in f32 or bf16, on Linux (libdnnl-dev)."),
    .trait(
      name: "MoreFormats",
      description:
        "GIF, TIFF, HEIC and AVIF pictures (libgif-dev, libtiff-dev, libheif-dev, libde265-dev, libavif-dev)."),
    .default(enabledTraits: ["OneDNN"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    // What swift-nio brings along, by exact versions too.
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
      name: "CVocabulary", exclude: ["bpe_simple_vocab_16e6.txt.gz", "class_names.tsv.gz", "templates.txt"],
      cSettings: [.unsafeFlags(["-std=c23"])]),
    // A default trait holds on every platform, so that the platform is asked for wherever the trait is.
    .target(
      name: "COneDNNShim",
      cSettings: kernelSettings + [.define("ZOO_ONEDNN", .when(platforms: [.linux], traits: ["OneDNN"]))],
      linkerSettings: [.linkedLibrary("dnnl", .when(platforms: [.linux], traits: ["OneDNN"]))]),
    .target(name: "CHTTP", dependencies: ["CCurl"], cSettings: hardened("-std=c17")),
    .target(name: "CFiles", cSettings: hardened("-std=c17")),
    // The command's alone: it has the whole process to itself.
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
    // Finds Pango and Cairo when something is drawn; the build needs neither.
    .target(name: "CDrawing", cSettings: hardened("-O2", "-std=gnu17")),

    // Finds the HDF5 library when a MATLAB file is read; the build needs none.
    .target(name: "CHDF5", cSettings: hardened("-std=gnu17")),

    // The rooms of the house; imports point down only.
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
    // The page's files, which the binary carries.
    .target(name: "CPage", exclude: ["page"], cSettings: [.unsafeFlags(["-std=c23"])]),
    .target(
      name: "ZooServer",
      dependencies: [
        "ZooStore", "ZooExplain", "ZooJSON", "CPage", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),
    // What `import Zoo` brings.
    .target(name: "Zoo", dependencies: ["ZooStore", "ZooEvaluate", "ZooManifests"], path: "Sources/ZooLibrary"),
    // Not called after its product: where file names know no case, its module would be `Zoo`.
    .executableTarget(
      name: "ZooCommand",
      dependencies: [
        "ZooServer", "ZooStore", "ZooEvaluate", "ZooExplain", "ZooConvert", "ZooRuntime", "ZooManifests", "CProcess",
        "CZooKernels",
        "ZooDrawing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/zoo"),

    // Manifests/models/*.json become Swift source, so that the binary carries them.
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
    // The code of the guides: as an app outside of this package it sees nothing but what `import Zoo` makes public.
    .testTarget(name: "ZooGuideTests", dependencies: ["Zoo", "ZooTestSupport"], packageAccess: false),
    .testTarget(name: "ZooEndToEndTests", dependencies: ["ZooTestSupport", "ZooCommand"], exclude: ["Snapshots"]),
  ],
  swiftLanguageModes: [.v6]
)

// `make fuzz`: libFuzzer over the readers. Only there when asked for, as it needs its own build.
if Context.environment["ZOO_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz-checkpoints", dependencies: ["ZooCheckpoints", "ZooTestSupport"], path: "Tests/Fuzz",
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}
