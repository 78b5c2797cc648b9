import CVocabulary
import Foundation

/// A class of ImageNet.
package struct ImageNetName: Sendable {
  /// The WordNet id: `n01440764`.
  package let id: String
  package let name: String
  /// The class's number in ILSVRC2012's devkit, from 1, in an order other than that of the ids; nil for ids beyond the 1000 classes.
  package let devkitNumber: Int?
}

/// Built-in WordNet ids and names: ImageNet's 1000 classes in order, with the names from OpenAI's head and open_clip, then ImageNet's other ids with
/// the first name of their WordNet synset.
package func imageNetNames() throws(TextError) -> [ImageNetName] {
  let data = Data(bytes: zoo_class_names_bytes(), count: zoo_class_names_size)
  let text = String(
    decoding: try gunzip([UInt8](data), file: "the names that come with zoo", limit: 4 << 20), as: UTF8.self)
  return text.split(separator: "\n").map { row in
    let parts = row.split(separator: "\t").map(String.init)
    return ImageNetName(id: parts[0], name: parts[1], devkitNumber: parts.count > 2 ? Int(parts[2]) : nil)
  }
}

/// How many of `imageNetNames()` are ImageNet's classes.
package let imageNetClassCount = 1000
