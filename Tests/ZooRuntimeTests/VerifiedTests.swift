import Testing
import ZooManifests
import ZooModels

/// What manifests claim to be verified.
@Suite struct VerifiedTests {
  private static let goldens: [(folder: String, kind: Architecture)] =
    (GoldenForwardTests.cases + GoldenForwardTests.families + GoldenForwardTests.classifiers)
    .reduce(into: []) { list, golden in
      let folder = "\(golden.group)/\(golden.name)"
      guard !list.contains(where: { $0.folder == folder }), let loaded = try? golden.load() else { return }
      list.append((folder, loaded.model.architecture.kind))
    }

  /// A golden represents the architectures that make all of its choices, whatever their dimensions.
  @Test func aModelIsComparedWithTheOriginalWhereAGoldenMakesItsChoices() {
    #expect(Self.goldens.count > 35)
    for manifest in Registry.builtIn.manifests {
      let kind = manifest.architecture.kind
      let golden = Self.goldens.first { $0.kind == kind }?.folder
      #expect(manifest.verified?.golden == golden, "\(manifest.name)")
    }
  }
}

extension Architecture {
  /// The choices of a model, without names, dimensions and its tokenizer, which have tests of their own, as have the activations, which every kind of
  /// block supports.
  fileprivate var kind: Architecture {
    var kind = self
    (kind.name, kind.family, kind.embedding) = ("", .custom, 1)
    if temperature != nil { kind.temperature = 1 }
    if var tower = vision {
      (tower.image, tower.patch, tower.registers) = (GridSize(square: 1), 1, min(1, tower.registers))
      switch tower.stem {
      case .cells(let stem):
        tower.stem = .cells(CellStem(width: 1, kernels: Array(repeating: 1, count: stem.kernels.count)))
      case .mobile: tower.stem = .mobile(MobileStem(widths: [], depths: []))
      case .resNet: tower.stem = .resNet(ResNetStem(width: 1, bottlenecks: []))
      case nil: break
      }
      if tower.positionGrid != nil { tower.positionGrid = GridSize(square: 1) }
      tower.blocks = tower.blocks.kind
      switch tower.pooler {
      case .attention: tower.pooler = .attention(heads: 1, mlpWidth: 1, activation: .gelu)
      case .coca: tower.pooler = .coca(heads: 1, queries: 1, width: 1)
      case .meanQuery: tower.pooler = .meanQuery(heads: 1)
      case .classToken, .tokenMean, .patchMean, .patchMax, .classAndPatchMean: break
      }
      kind.vision = tower
    }
    if var tower = text {
      (tower.blocks, tower.vocabulary) = (tower.blocks.kind, 1)
      if case .endOfText = tower.pooling { tower.pooling = .endOfText(id: 0) }
      tower.tokenizer = TokenizerSpec(kind: .clipBPE, contextLength: 1)
      if let positions = tower.embedding?.positions { tower.embedding?.positions = min(1, positions) }
      if let types = tower.embedding?.tokenTypes { tower.embedding?.tokenTypes = min(1, types) }
      kind.text = tower
    }
    return kind
  }
}

extension Blocks {
  fileprivate var kind: Blocks {
    var kind = self
    (kind.width, kind.layers, kind.heads, kind.mlpWidth, kind.normEps, kind.activation) = (1, 1, 1, 1, 0, .gelu)
    if let rope { kind.rope = RotaryEmbedding(temperature: 1, referenceGrid: nil, offset: 0, indexing: rope.indexing) }
    if relativeHidden != nil { kind.relativeHidden = 1 }
    if relativeBias != nil { kind.relativeBias = RelativeBias(buckets: 4, maxDistance: 2) }
    return kind
  }
}
