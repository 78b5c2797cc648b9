import Foundation
import Testing
import ZooCheckpoints
import ZooModels

@testable import ZooConvert

/// Whatever a caller forces: only a model replaces a model, and only an export replaces an export.
@Suite struct FoldersThatAreNoModelsTests {
  private let path = golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors")

  private func force(_ target: String) throws {
    let conversion = try planned(path)
    try conversion.write(to: target, replacing: true)
  }

  @Test func areNotReplacedByAModel() throws {
    let scratch = try ScratchFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: scratch.file("Documents/model.json"), withIntermediateDirectories: true)
    try files.createDirectory(atPath: scratch.file("mixed"), withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: URL(filePath: scratch.file("mixed/model.json")))
    try Data("precious".utf8).write(to: URL(filePath: scratch.file("mixed/letter.txt")))
    try Data("precious".utf8).write(to: URL(filePath: scratch.file("file")))
    try files.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: scratch.file("mixed"))
    for (name, reason) in [
      ("Documents", "it holds 'model.json', which is not part of a model"),
      ("mixed", "it holds 'letter.txt', which is not part of a model"), ("file", "it is not a folder"),
      ("link", "it is a symbolic link"),
    ] {
      let target = scratch.file(name)
      #expect(throws: ConvertError.notReplaced(path: target, reason: reason)) { try force(target) }
    }
    #expect(scratch.contents == ["Documents", "file", "link", "mixed"])
    #expect(try files.contentsOfDirectory(atPath: scratch.file("mixed")).sorted() == ["letter.txt", "model.json"])
    for name in ["..", ".", ""] {
      #expect(throws: (any Error).self) { try force(scratch.file(name)) }
    }
    #expect(scratch.contents == ["Documents", "file", "link", "mixed"])
  }

  @Test func aDamagedModelAndAnEmptyFolderAreReplaced() throws {
    let scratch = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: scratch.file("empty"), withIntermediateDirectories: true)
    try force(scratch.file("empty"))
    try Data("{".utf8).write(to: URL(filePath: scratch.file("empty/model.json")))
    try force(scratch.file("empty"))
    #expect(try ModelDescription.read(file: scratch.file("empty/model.json")).tag == "local")
    #expect(scratch.contents == ["empty"])
  }

  @Test func areNotReplacedByAnExport() throws {
    let scratch = try ScratchFolder()
    try force(scratch.file("model"))
    let description = try ModelDescription.read(file: scratch.file("model/model.json"))
    var options = ExportOptions()
    options.replacing = true
    func export(_ name: String) throws {
      try ZooConvert.export(
        description, in: scratch.file("model"), as: .openCLIP, to: scratch.file(name), options: options)
    }
    try export("export")
    try export("export")
    try FileManager.default.createDirectory(atPath: scratch.file("export/.git"), withIntermediateDirectories: true)
    #expect(
      throws: ConvertError.notReplaced(
        path: scratch.file("export"), reason: "it holds '.git', which is not part of an export")
    ) { try export("export") }
    // A model is not an export.
    #expect(throws: ConvertError.self) { try export("model") }
    #expect(scratch.contents == ["export", "model"])
  }

  /// An interrupt comes before or after publishing, never in the middle.
  @Test func publishingAndCleaningUpExcludeEachOther() async throws {
    for round in 0..<20 {
      let scratch = try ScratchFolder()
      let target = scratch.file("model")
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: URL(filePath: "\(target)/model.json"))
      let work = try ConversionWork(for: target)
      for index in 0..<50 { try Data("new".utf8).write(to: URL(filePath: "\(work.folder)/\(index)")) }
      async let published: Bool = (try? work.publish(as: target, replacing: true)) != nil
      if round.isMultiple(of: 2) { await Task.yield() }
      work.remove()
      let isPublished = await published
      let names = try FileManager.default.contentsOfDirectory(atPath: target)
      #expect(names.count == (isPublished ? 50 : 1), "round \(round)")
      #expect(scratch.contents == ["model"])
    }
  }
}
