import CVocabulary
import Foundation

/// WordNet ids and names that come with the build: ImageNet's 1000 classes in their order with the names that OpenAI's head and
/// open_clip have, then ImageNet's other ids with the first name of their WordNet synset.
package func imageNetNames() throws -> [(id: String, name: String)] {
  let data = Data(bytes: zoo_class_names_bytes(), count: zoo_class_names_size)
  let text = String(
    decoding: try gunzip([UInt8](data), file: "the names that come with zoo", limit: 4 << 20), as: UTF8.self)
  return text.split(separator: "\n").map { row in
    let parts = row.split(separator: "\t", maxSplits: 1).map(String.init)
    return (parts[0], parts[1])
  }
}

/// How many of `imageNetNames()` are ImageNet's classes.
package let imageNetClassCount = 1000
