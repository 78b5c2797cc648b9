import ArgumentParser
import CZooKernels
import Foundation
import ZooCheckpoints
import ZooConvert
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooStore

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures the speed of a model's stages, with its own weights or random ones.")

  @Argument(
    help: "An installed model, or any registered ARCHITECTURE[:TAG] with seeded random weights.",
    completion: .knownModels)
  var model: String

  @Option(help: "How many prompts to measure with; several values are measured in turn.")
  var prompts: [Int] = [1, 8]

  @Flag(
    help:
      "Instead of the stages: what LeGrad costs as layers, resolution, prompts and images grow, with the operations counted."
  )
  var cost = false

  @Flag(
    help: """
      Instead of the stages: the cost of each explanation method relative to one forward pass, and its memory use.
      """)
  var methods = false

  @Flag(
    help: """
      Instead of the stages: how far embeddings and heat maps are from those of the reference path, f32 on BLAS, with \
      --backend and --precision.
      """)
  var compare = false

  @Option(help: "Runs of each stage; the median is reported.")
  var runs = 7

  @Option(help: "all, last:2, last:40%, 7 or 5-11; the first layer is 0.")
  var layers = "all"

  @Option(help: ArgumentHelp("Measure only stages whose name contains this text.", valueName: "text"))
  var only: String?

  @Option(help: "Seed of the random weights.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Write the random weights as an OpenCLIP checkpoint and measure nothing.", valueName: "file"))
  var writeCheckpoint: String?

  @Flag(help: "Use memory-mapped weights, as for a single picture, instead of packing them for many.")
  var inPlace = false

  @Flag(help: "Use random weights even if the model is installed.")
  var random = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup(title: "For --compare") var comparison: BackendComparisonOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var registryOptions: RegistryOptions

  func validate() throws {
    if !(1...10_000).contains(runs) { throw ValidationError("--runs must be between 1 and 10000.") }
    if !prompts.allSatisfy((1...4096).contains) { throw ValidationError("--prompts must be between 1 and 4096.") }
  }

  func run() throws {
    if let writeCheckpoint { return try write(to: writeCheckpoint) }
    let selection = try LayerSelection(layers)
    if compare { return try compareBackends(selection) }
    try comparison.refuse()
    var bench = Bench(runs: runs, only: only, quiet: runOptions.quiet)
    let model = try bench.once("load", flops: nil) { try load() }
    if !inPlace { bench.once("pack", flops: nil) { model.pack() } }
    let tower = try model.vision.tower
    var preprocessing = try model.preprocessing
    if let size = pictureOptions.size {
      preprocessing.scale(to: try PictureOptions.parse(size, patch: tower.patch))
    }
    if cost {
      try measureCost(of: model, from: preprocessing.size, &bench)
      return try show(bench, model, size: preprocessing.size, layers: tower.depth)
    }
    let pixels = testPicture(preprocessing.size)
    if methods { return try measureMethods(of: model, pixels) }
    let work = Workload(tower, text: model.architecture.text, size: preprocessing.size)
    try measureProduct(like: model, tokens: work.tokenCount, &bench)
    for (name, count) in [("image tower", 1), ("image tower, 8 pictures", 8)] {
      let pictures = Array(repeating: pixels, count: count)
      try bench.measure(name, flops: work.imageTower * Double(count)) { _ = try model.imageEmbeddings(pictures) }
    }
    if let text = model.architecture.text {
      for (name, wanted) in [
        ("text tower, 1 prompt", [text.contextLength]), ("text tower, 8 tokens", [8]),
        ("text tower, 32 prompts of 6 to 20 tokens", (0..<32).map { 6 + $0 * 7 % 15 }),
      ] {
        let lengths = wanted.map { min($0, text.contextLength) }
        let ids = lengths.map { testPrompt(text, length: $0) }
        let flops = lengths.reduce(0) { $0 + work.textTower(tokens: $1) }
        try bench.measure(name, flops: flops) { _ = try model.textEmbeddings(tokens: ids) }
      }
    }
    let count = try selection.layers(of: tower.depth).count
    for variant in LeGrad.Variant.allCases {
      let method = LeGrad(variant: variant, layers: selection)
      for number in prompts {
        let texts = (0..<number).map { testEmbedding(model.architecture.embedding, seed: $0) }
        let flops = work.legrad(method, layers: count, prompts: number, packed: !inPlace)
        try bench.measure("LeGrad \(variant.rawValue), \(number) prompt\(number == 1 ? "" : "s")", flops: flops) {
          _ = try method.explain([pixels], prompts: texts, model: model)
        }
      }
    }
    try show(bench, model, size: preprocessing.size, layers: count)
  }

  private func compareBackends(_ layers: LayerSelection) throws {
    var notes = Notes(isQuiet: runOptions.quiet)
    let report = try BackendComparison(
      model: model, paths: comparison.inputs.paths(notes: &notes), prompts: comparison.prompts,
      method: LeGrad(variant: comparison.variant ?? .official, layers: layers), data: comparison.data,
      packed: comparison.packed, seed: seed,
      pictureOptions: pictureOptions, runOptions: runOptions, registryOptions: registryOptions
    ).report(notes: &notes)
    if json { try printJSON(report) } else { print(report.text) }
  }

  private func show(_ bench: Bench, _ model: ZooModel, size: GridSize, layers: Int) throws {
    let report = BenchReport(
      model: model.name, backend: model.algebraName, precision: runOptions.precision,
      kernels: String(cString: zoo_kernel_name()), threads: runOptions.parallel.threads,
      size: [size.height, size.width], layers: layers, runs: runs, peakMemory: peakMemory(), stages: bench.stages)
    if json { try printJSON(report) } else { print(report.text) }
  }

  private func measureMethods(of model: ZooModel, _ picture: PixelTensor) throws {
    let found = try MethodBench(
      model: model, picture: picture, prompts: prompts, runs: runs, only: only, quiet: runOptions.quiet
    ).run()
    let report = MethodBenchReport(
      model: model.name, backend: model.algebraName, precision: runOptions.precision,
      kernels: String(cString: zoo_kernel_name()), threads: runOptions.parallel.threads,
      size: [picture.height, picture.width], runs: runs, forwardMs: found.forward, methods: found.rows,
      undefined: found.undefined)
    if json { try printJSON(report) } else { print(report.text) }
  }

  /// The first matrix of an MLP, packed, times as many rows as a picture has tokens: the rate that the tower is compared with.
  private func measureProduct(like model: ZooModel, tokens: Int, _ bench: inout Bench) throws {
    let blocks = try model.vision.tower.blocks
    let mlpWidth = max(blocks.mlpWidth, blocks.width)
    let weights = RandomWeights(seed: seed).tensor(TensorSpec(name: "w", shape: [mlpWidth, blocks.width]))
    let matrix = try runOptions.algebra().prepare(WeightMatrix(weights), direction: .forward, lasting: true)
    let x = FloatBuffer(tokens * blocks.width), y = FloatBuffer(tokens * mlpWidth), times = 8
    let flops = Double(2 * times * tokens * blocks.width * mlpWidth)
    bench.measure(BenchReport.product, flops: flops) {
      for _ in 0..<times {
        matrix.multiply(
          x.pointer, scaledBy: nil, rows: tokens, into: y.pointer, epilogue: .none, parallel: runOptions.parallel)
      }
    }
  }

  /// Varies one quantity at a time, starting from all layers, one prompt and one picture of the model's own size.
  private func measureCost(of model: ZooModel, from size: GridSize, _ bench: inout Bench) throws {
    let vision = try model.vision.tower, depth = vision.depth
    func measure(_ name: String, layers: Int? = nil, scale: Double = 1, prompts: Int = 1, images: Int = 1) throws {
      func side(_ pixels: Int) -> Int { Int((Double(pixels / vision.patch) * scale).rounded()) * vision.patch }
      let own = GridSize(height: side(size.height), width: side(size.width)), picture = testPicture(own)
      let method = LeGrad(layers: try LayerSelection("last:\(layers ?? depth)"))
      let texts = (0..<prompts).map { testEmbedding(model.architecture.embedding, seed: $0) }
      let one = Workload(vision, text: nil, size: own).legrad(
        method, layers: layers ?? depth, prompts: prompts, packed: !inPlace)
      try bench.measure(name, flops: one * Double(images)) {
        _ = try method.explain(Array(repeating: picture, count: images), prompts: texts, model: model)
      }
    }
    for layers in Set([1, 2, depth / 2, depth]).sorted() where (1...depth).contains(layers) {
      try measure("last \(layers) layers", layers: layers)
    }
    for scale in [0.5, 1.5, 2] {
      try measure("\(Int(Double(size.height) * scale)) pixels", scale: scale)
    }
    for prompts in [2, 4, 8, 16, 32] { try measure("\(prompts) prompts", prompts: prompts) }
    for images in [2, 4, 8] { try measure("\(images) images", images: images) }
  }

  private func load() throws -> ZooModel {
    try loadOrMakeUp(
      model, algebra: runOptions.algebra(), parallel: runOptions.parallel, seed: seed, registry: registryOptions,
      random: random)
  }

  /// Writes random weights under OpenCLIP's (or timm's) names, so that conversions can be tested at full size.
  private func write(to path: String) throws {
    let architecture = try registryOptions.registry().resolve(ModelName(model)).manifest.architecture
    let layout = try (architecture.isClassifier ? ExportFormat.timm : .openCLIP).layout(of: architecture)
    let specs = layout.sourceTensors(of: architecture), weights = RandomWeights(seed: seed)
    let writer = try SafetensorsWriter(
      path, tensors: specs.map { ($0.name, .f32, $0.shape) }, metadata: ["format": "pt"])
    let total = specs.reduce(0) { $0 + $1.count * 4 }
    let progress = Progress("writing", total: total, quiet: runOptions.quiet, unit: byteText)
    var done = 0
    for spec in specs {
      let tensor = weights.tensor(spec)
      try writer.append(tensor.data)
      done += tensor.data.count
      progress.update(done, spec.name)
    }
    try writer.finish()
    progress.finish()
    print("\(path)  \(architecture.name) in the layout \(layout.name), \(byteText(total)), seed \(seed)")
  }
}
