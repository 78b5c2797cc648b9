import Foundation
import Testing
import ZooTestSupport

/// All code in the guides is compiled: every block of Swift in them is part of a file that is built.
@Suite struct GuideTextTests {
  static let guides = Golden.repository.appending(path: "Sources/ZooLibrary/Zoo.docc")

  /// Guides and other pages whose code must compile.
  static func pages() throws -> [URL] {
    let names = try FileManager.default.contentsOfDirectory(atPath: guides.path)
    return names.filter { $0.hasSuffix(".md") }.sorted().map { guides.appending(path: $0) } + [
      Golden.repository.appending(path: "README.md")
    ]
  }

  /// Every Swift file that is compiled, without indentation and blank lines: those of this target, the modules and the example.
  static let compiled: [Data] = ["Tests/ZooGuideTests", "Sources", "Examples/library"].flatMap { folder in
    let root = Golden.repository.appending(path: folder)
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
    return (files ?? []).filter { $0.pathExtension == "swift" && !$0.path.contains("/.build/") }.compactMap {
      (try? String(contentsOf: $0, encoding: .utf8)).map(plain)
    }
  }

  /// The lines with a line break before, between and after them.
  private static func plain(_ code: String) -> Data {
    let lines = code.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return Data(("\n" + lines.joined(separator: "\n") + "\n").utf8)
  }

  @Test func everyBlockOfSwiftIsCompiled() throws {
    var blocks = 0
    for page in try Self.pages() {
      for block in try GuideBlock.all(in: page) where block.language == "swift" {
        blocks += 1
        let wanted = Self.plain(block.text)
        #expect(
          Self.compiled.contains { $0.range(of: wanted) != nil },
          "\(page.lastPathComponent), line \(block.line): no compiled file has this text\n\(block.text)")
      }
    }
    #expect(blocks >= 12)
  }

  @Test func blocksNameALanguageThatIsCheckedOrIsPlainText() throws {
    for page in try Self.pages() {
      for block in try GuideBlock.all(in: page) {
        #expect(
          ["swift", "sh", "json", "text"].contains(block.language), "\(page.lastPathComponent), line \(block.line)")
      }
    }
  }

  @Test func picturesAndLinksLeadSomewhere() throws {
    var pictures = 0, links = 0
    for page in try Self.pages() where page.lastPathComponent != "README.md" {
      let text = try String(contentsOf: page, encoding: .utf8)
      for match in text.matches(of: /!\[[^\]]+\]\(([^)]+)\)/) {
        pictures += 1
        let file = Self.guides.appending(path: String(match.1)).path
        #expect(FileManager.default.fileExists(atPath: file), "\(page.lastPathComponent): \(match.1)")
      }
      for match in text.matches(of: /<doc:([A-Za-z]+)>/) {
        links += 1
        let file = Self.guides.appending(path: "\(match.1).md").path
        #expect(FileManager.default.fileExists(atPath: file), "\(page.lastPathComponent): \(match.1)")
      }
      for match in text.matches(of: /`((?:docs|Tools|Manifests|Sources|Examples|Tests)\/[A-Za-z0-9_\/.+-]+)`/) {
        links += 1
        let file = Golden.repository.appending(path: String(match.1)).path
        #expect(file.contains("NAME") || FileManager.default.fileExists(atPath: file), "\(match.1)")
      }
    }
    #expect(pictures >= 4 && links >= 15)
  }
}
