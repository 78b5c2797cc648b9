import Foundation
import Testing
import ZooTestSupport
import ZooText

@Suite struct HuggingFaceVocabularyTests {
  @Test func anOpenAIMergeFileBecomesHuggingFacesFiles() throws {
    let folder = Golden.url("tokenizers/clip_tiny")
    let files = try CLIPVocabularyFile.huggingFaceFiles(of: folder.appending(path: "bpe_simple_vocab_tiny.txt.gz"))
    let expected =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appending(path: "vocab.json"))) as? [String: Int]
    #expect(try JSONSerialization.jsonObject(with: files.vocabulary) as? [String: Int] == expected)
    func rules(_ data: Data) -> [Substring] {
      String(decoding: data, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#version") }
    }
    #expect(try rules(files.merges) == rules(Data(contentsOf: folder.appending(path: "merges.txt"))))
  }
}
