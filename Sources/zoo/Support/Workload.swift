import Foundation
import ZooExplain
import ZooImages
import ZooModels
import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The number of operations in a model's stages (a multiplication and an addition are two), from its dimensions alone.
struct Workload {
  private let vision: VisionTower
  private let text: TextTower?
  private let tokens: Double
  private let patches: Double

  init(_ vision: VisionTower, text: TextTower?, size: GridSize) {
    self.vision = vision
    self.text = text
    patches = Double((size.height / vision.patch) * (size.width / vision.patch))
    tokens = patches + Double(vision.prefixTokens)
  }

  /// Patches and prefix tokens of a picture.
  var tokenCount: Int { Int(tokens) }

  /// The last block computes only what the pooler uses.
  var imageTower: Double {
    let blocks = vision.blocks
    return imageTower(
      last: vision.pooler == .classToken ? lastBlock(blocks, tokens: tokens, rows: 1) : block(blocks, tokens: tokens))
  }

  private func imageTower(last: Double) -> Double {
    guard vision.blocks.layers > 0 else { return 2 * embedding }
    return 2 * (embedding + Double(vision.blocks.layers - 1) * block(vision.blocks, tokens: tokens) + last)
  }

  /// Multiplications that compute the patches.
  private var embedding: Double {
    if case .mobile(let stem) = vision.stem { return embedding(stem) }
    guard case .resNet(let stem) = vision.stem else {
      return patches * Double(3 * vision.patch * vision.patch * vision.blocks.width)
    }
    var cells = patches * Double(stem.patch * stem.patch) / 4, sum = 0.0
    func add(_ layer: ResNetStem.Layer) {
      sum += cells * Double(layer.inputs * layer.outputs * layer.side * layer.side)
    }
    stem.entry.forEach(add)
    cells /= 4
    for block in stem.blocks {
      block.layers.dropLast().forEach(add)
      if block.halves { cells /= 4 }
      (block.layers.suffix(1) + [block.shortcut].compactMap(\.self)).forEach(add)
    }
    return sum
  }

  private func embedding(_ stem: MobileStem) -> Double {
    let first = stem.widths[0], last = stem.widths[stem.widths.count - 1]
    var cells = patches * Double(stem.patch * stem.patch) / 4, sum = cells * Double(27 * first + 9 * first * first)
    for block in stem.blocks {
      sum += cells * Double(block.inputs * block.hidden)
      if block.halves { cells /= 4 }
      sum += cells * Double(block.hidden * (9 + block.outputs) + (block.hasShortcut ? block.inputs * block.outputs : 0))
    }
    return sum + patches * Double(9 * last * vision.blocks.width)
  }

  /// For one prompt of `tokens` tokens; for the full context if tokens see padding.
  func textTower(tokens: Int) -> Double {
    guard let text else { return 0 }
    let blocks = text.blocks, tokens = Double(text.causal || text.hidesPadding ? tokens : text.contextLength)
    let seesAll = [.mean, .attention, .classToken].contains(text.pooling), one = block(blocks, tokens: tokens)
    return 2 * (Double(blocks.layers - 1) * one + (seesAll ? one : lastBlock(blocks, tokens: tokens, rows: 1)))
  }

  /// The image tower and the gradients for every prompt and layer; in a packed model with several prompts, with folded matrices.
  func legrad(_ method: LeGrad, layers: Int, prompts: Int, packed: Bool) -> Double {
    let blocks = vision.blocks
    let (d, m) = (Double(blocks.width), Double(blocks.mlpWidth))
    var rows = tokens, forward = imageTower
    switch (vision.pooler, method.variant) {
    case (.attention, _), (.coca, _), (.meanQuery, _): return imageTower
    case (.classToken, .paper): rows = 1
    // The second matrix of the MLP is applied to the class token and the mean.
    case (.classToken, .official) where !blocks.postNorm:
      forward = imageTower(last: block(blocks, tokens: tokens) - (tokens - 2) * d * m)
    default: break
    }
    let folds = packed && blocks.folds(prompts: prompts)
    let perPrompt = d * m + rows * d * m + (folds ? 1 : rows) * d * d + rows * tokens * d
    let perLayer = folds ? rows * d * d : 0
    return forward + 2 * Double(layers) * (Double(prompts) * perPrompt + perLayer)
  }

  private func block(_ blocks: Blocks, tokens: Double) -> Double {
    let (d, m) = (Double(blocks.width), Double(blocks.mlpWidth))
    return tokens * (4 * d * d + 2 * d * m) + 2 * tokens * tokens * d
  }

  /// Keys and values for all tokens, everything else for some.
  private func lastBlock(_ blocks: Blocks, tokens: Double, rows: Double) -> Double {
    let (d, m) = (Double(blocks.width), Double(blocks.mlpWidth))
    return tokens * 3 * d * d + rows * (d * d + 2 * d * m) + 2 * rows * tokens * d
  }
}

/// Varied pixels, the same at every call.
func testPicture(_ size: GridSize) -> PixelTensor {
  let values = (0..<3 * size.count).map { Float(($0 &* 2_654_435_761) >> 16 & 0xFFFF) / 32768 - 1 }
  return PixelTensor(height: size.height, width: size.width, values: values)
}

/// The token ids of a prompt of the given length; the last one is the token that ends a text.
func testPrompt(_ text: TextTower, length: Int) -> [Int32] {
  let end = if case .endOfText(let id) = text.pooling { id } else { text.vocabulary - 1 }
  return (0..<text.contextLength).map {
    Int32($0 < length - 1 ? 2 + $0 % (text.vocabulary - 3) : $0 < length ? end : text.tokenizer.padID)
  }
}

/// A unit vector.
func testEmbedding(_ width: Int, seed: Int) -> [Float] {
  let values = (0..<width).map { Float((($0 + seed * 7919) &* 2_654_435_761) >> 12 & 0xFFFF) / 32768 - 1 }
  let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return values.map { $0 / length }
}

/// The largest resident size of this process so far, or since `resetPeakMemory`, in bytes.
func peakMemory() -> Int {
  var usage = rusage()
  #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
  #else
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  #endif
}

/// Resets what `peakMemory` measures; false if the system cannot do that.
func resetPeakMemory() -> Bool {
  #if os(Linux)
    return (try? OpenFile("/proc/self/clear_refs", O_WRONLY).write(Data("5".utf8))) != nil
  #else
    return false
  #endif
}
