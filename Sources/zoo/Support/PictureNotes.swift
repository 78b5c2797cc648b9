import ZooImages

/// Notes about the pictures that were read: one sentence of each kind, however many pictures there are.
struct PictureNotes {
  /// If more than this fraction of a picture is cropped, a note says so.
  static let cropShare = 0.1

  private var count = 0
  private var cropped: [(path: String, share: Double)] = []
  private var turned: [String] = []
  private var white: [String] = []

  mutating func add(_ path: String, _ facts: PictureFacts) {
    count += 1
    if facts.shareCutAway > Self.cropShare { cropped.append((path, facts.shareCutAway)) }
    if facts.isLeftTurned { turned.append(path) }
    if facts.isClippedToWhite { white.append(path) }
  }

  var sentences: [String] {
    var sentences: [String] = []
    if let most = cropped.max(by: { $0.share < $1.share }) {
      let share = Int((most.share * 100).rounded())
      sentences.append(
        count == 1
          ? "\(share) % of the picture is cut away; --resize longest or --resize squash keeps all of it."
          : "More than a tenth is cut away of \(cropped.count) of \(count) pictures, \(share) % of \(most.path); "
            + "--resize longest or --resize squash keeps all of them.")
    }
    if !turned.isEmpty {
      sentences.append(
        "\(subject(turned, "asks", "ask")) to be turned by the EXIF orientation, which was not done; "
          + "--upright does it.")
    }
    if !white.isEmpty {
      sentences.append(
        "\(subject(white, "has", "have")) 16-bit grey values that are all above 255, which is white: "
          + "as in Pillow, they are cut off and not scaled. Save with 8 bits to see more.")
    }
    return sentences
  }

  private func subject(_ paths: [String], _ one: String, _ many: String) -> String {
    paths.count == 1 ? "\(paths[0]) \(one)" : "\(listed(paths, "picture", "pictures")) \(many)"
  }
}
