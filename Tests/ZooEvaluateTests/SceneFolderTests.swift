import Foundation
import Testing
import ZooEvaluate
import ZooTestSupport

@Suite struct SceneFolderTests {
  private func folder(_ json: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-scenes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try json.write(to: folder.appending(path: "scenes.json"), atomically: true, encoding: .utf8)
    return folder
  }

  @Test func theDemoScenesAreThoseOfTheirReadMe() throws {
    let scenes = try SceneFolder(Golden.repository.appending(path: "Examples/eval")).scenes
    #expect(scenes.count == 150)
    #expect(scenes.reduce(0) { $0 + $1.objects.count } == 468)
    let several = scenes.filter { (2...5).contains($0.objects.count) }
    #expect(several.count == 124)
    #expect(several.reduce(0) { $0 + $1.objects.count } == 442)
    #expect(scenes[0].id == "000" && scenes[0].objects.map(\.name).prefix(2) == ["glasses", "crab"])
    #expect(scenes[0].mask.path.hasSuffix("Examples/eval/masks/000.png"))
  }

  @Test func brokenFilesAreRefusedInASentence() throws {
    func expect(_ json: String, _ reason: String) throws {
      let folder = try folder(json)
      defer { try? FileManager.default.removeItem(at: folder) }
      let path = folder.path + "/scenes.json"
      do {
        _ = try SceneFolder(folder)
        Issue.record("it was read: \(json)")
      } catch let error as EvaluateError {
        #expect("\(error)" == path + reason)
      }
    }
    try expect("", " cannot be read: expected a value, found the end of the text (byte 0)")
    try expect("[]", " cannot be read: an object was expected at the top")
    try expect(#"{"scenes":[],"scenes":[]}"#, " cannot be read: the key 'scenes' is repeated (byte 21)")
    try expect("{}", " cannot be read: the field 'scenes' is missing at the top")
    try expect(
      #"{"scenes":[{"id":"a","image":"i","mask":"m","objects":[{"label":"x","name":"n"}]}]}"#,
      " cannot be read: a whole number was expected in scenes[0].objects[0].label")
    try expect(
      #"{"scenes":[{"id":"a","image":"i","mask":"m","objects":[{"label":256,"name":"fox"}]}]}"#,
      ": 'fox' of scene a has label 256; labels are 1 to 255")
    #expect(throws: EvaluateError.self) { try SceneFolder(URL(filePath: "/nowhere")) }
  }
}
