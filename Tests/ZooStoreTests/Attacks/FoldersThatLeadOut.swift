import Foundation
import Testing
import ZooConvert
import ZooModels
import ZooTestSupport

@testable import ZooStore

/// Links and names that would make the program remove, replace or repair files that are not its own.
@Suite struct FoldersThatLeadOutTests {
  let setting: StoreSetting
  private let precious: URL
  private var models: URL { setting.store.models }

  init() throws {
    setting = try StoreSetting()
    try setting.folder.write("precious", "Documents/letter.txt")
    precious = setting.folder.url.appending(path: "Documents/letter.txt")
  }

  private var isPreciousThere: Bool { FileManager.default.fileExists(atPath: precious.path) }
  private func link(_ name: String, to place: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: setting.folder.path("home/models/\(name)"), withDestinationPath: place)
  }

  @Test(arguments: ["..", "../../Documents", "/etc", ".", "", "a/b"]) func namesMakeNoPaths(name: String) {
    #expect(throws: NameError(text: name)) { try setting.store.place(of: "Tiny", tag: name) }
    #expect(throws: NameError(text: name)) { try setting.store.place(of: name, tag: "one") }
  }

  @Test func aLinkedArchitectureIsNotWrittenThrough() throws {
    try link("Evil", to: setting.folder.path("Documents"))
    let place = setting.folder.path("home/models/Evil")
    #expect(throws: StoreError.link(path: place)) { try setting.store.place(of: "Evil", tag: "one") }
    #expect(try setting.store.place(of: "Tiny", tag: "two").lastPathComponent == "two")
  }

  @Test func aLinkedModelIsNotRemoved() throws {
    // One that leads to another model in the store, one that leads out of it, and an architecture that does.
    try link("Tiny/two", to: setting.folder.path("home/models/Tiny/one"))
    let outside = setting.folder.path("elsewhere/one")
    try FileManager.default.createDirectory(
      atPath: setting.folder.path("elsewhere"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: setting.folder.path("home/models/Tiny/one"), toPath: outside)
    try link("Far", to: setting.folder.path("elsewhere"))
    for reference in ["home/models/Tiny/two", "home/models/Tiny/two/", "home/models/Far/one", "elsewhere/one"] {
      #expect(throws: StoreError.self) { try setting.store.remove(setting.folder.path(reference)) }
    }
    #expect(FileManager.default.fileExists(atPath: outside + "/model.json"))
    #expect(try setting.model.verify() == [])
  }

  /// A model that lost its description is removed; what was never a model stays.
  @Test func aFolderThatIsNoModelIsNotRemoved() throws {
    try setting.folder.write("precious", "home/models/Tiny/notes/letter.txt")
    let place = setting.folder.path("home/models/Tiny/notes/")
    #expect(throws: StoreError.notAModel(path: place)) { try setting.store.remove("Tiny:notes") }
    #expect(FileManager.default.fileExists(atPath: place + "letter.txt"))
    try FileManager.default.removeItem(atPath: setting.folder.path("home/models/Tiny/one/model.json"))
    try setting.store.remove("Tiny:one")
    #expect(!FileManager.default.fileExists(atPath: setting.folder.path("home/models/Tiny/one")))
  }

  @Test func twoFoldersThatClaimOneNameAreToldApart() throws {
    let copy = setting.folder.path("home/models/Tiny/copy")
    try FileManager.default.copyItem(atPath: setting.folder.path("home/models/Tiny/one"), toPath: copy)
    let error = #expect(throws: StoreError.self) { try setting.store.remove("Tiny:one") }
    #expect(error?.description.hasPrefix("several folders say that they are 'Tiny:one': ") == true)
    #expect(setting.store.installed().count == 2)
    try setting.store.remove(copy)
    #expect(setting.store.installed().map(\.directory.lastPathComponent) == ["one"])
  }

  @Test func leftoversBehindLinksAreNotTouched() throws {
    try setting.folder.write("x", "Documents/.letter.partial-4194305/x")
    try setting.folder.write("x", "Documents/sub/x")
    try link("Evil", to: setting.folder.path("Documents"))
    try FileManager.default.createDirectory(at: setting.store.downloads, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: setting.folder.path("home/downloads/a--b"), withDestinationPath: setting.folder.path("Documents"))
    #expect(setting.store.leftovers() == [])
    let hidden = models.appending(path: "Evil/.letter.partial-4194305")
    let forged = Leftover(kind: .conversion, url: hidden, bytes: 1, modified: nil)
    #expect(throws: StoreError.self) { try setting.store.remove(forged) }
    for kind in Leftover.Kind.allCases {
      let evil = Leftover(kind: kind, url: models.appending(path: "../../Documents"), bytes: 1, modified: nil)
      #expect(throws: StoreError.self) { try setting.store.remove(evil) }
    }
    #expect(isPreciousThere)
    #expect(setting.folder.files.contains("Documents/.letter.partial-4194305/x"))
  }
}

/// How two models with the same name are settled.
@Suite struct FormerCopyTests {
  let setting: StoreSetting
  private let place: URL
  private let aside: URL
  init() throws {
    setting = try StoreSetting()
    place = try setting.store.directory(of: "Tiny", tag: "one")
    aside = place.deletingLastPathComponent().appending(path: ".one.former-4194305-a")
  }

  private func settle() throws -> [Leftover.Outcome] {
    try setting.store.leftovers().map { try setting.store.remove($0) }
  }

  @Test func goesWhenItsSuccessorReads() throws {
    try FileManager.default.copyItem(at: place, to: aside)
    #expect(try settle() == [.removed])
    #expect(try setting.model.verify() == [])
    #expect(try settle() == [])
  }

  @Test(arguments: [".one.former-4194305", ".one.partial-4194305-ab"])
  func takesItsPlaceBackFromOneThatDoesNotRead(name: String) throws {
    let aside = place.deletingLastPathComponent().appending(path: name)
    try FileManager.default.copyItem(at: place, to: aside)
    try Data("{".utf8).write(to: place.appending(path: "model.json"))
    #expect(try settle() == [.restored])
    #expect(try setting.model.verify() == [])
    // In the opposite case the damaged one is the leftover, and can be removed.
    #expect(try settle() == [.removed])
    #expect(try setting.model.verify() == [])
  }

  @Test func staysWhereNeitherReads() throws {
    try FileManager.default.copyItem(at: place, to: aside)
    for folder in [place, aside] { try Data("{".utf8).write(to: folder.appending(path: "model.json")) }
    #expect(try settle() == [.kept])
    #expect(FileManager.default.fileExists(atPath: aside.path))
  }

  @Test func anUnfinishedConversionTakesNoPlace() throws {
    try FileManager.default.removeItem(at: place)
    try setting.folder.write("{", "home/models/Tiny/.one.partial-1/model.json")
    // The number of a running process says nothing: only a lock does.
    #expect(try settle() == [.removed])
    #expect(!FileManager.default.fileExists(atPath: place.path))
  }

  @Test func isLeftAloneWhileItsModelIsWorkedOn() throws {
    try FileManager.default.copyItem(at: place, to: aside)
    let seen = setting.store.leftovers(), lock = try setting.store.lock("Tiny:one")
    #expect(throws: StoreError.self) { try setting.store.remove(seen[0]) }
    lock.release()
    #expect(try setting.store.remove(seen[0]) == .removed)
  }
}
