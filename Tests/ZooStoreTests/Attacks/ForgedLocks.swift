import Foundation
import Testing
import ZooTestSupport

@testable import ZooStore

/// Something else in the place of a lock file.
@Suite struct ForgedLockTests {
  let folder: TemporaryFolder
  private var store: ModelStore { ModelStore(home: folder.url.appending(path: "home")) }
  private var path: String { folder.path("home/locks/tiny-one.lock") }
  private let text = "all that I have written in ten years\n"

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("home/locks"), withIntermediateDirectories: true)
    try folder.write(text, "novel.txt")
  }

  private func expectRefusal(_ reason: String) throws {
    let error = #expect(throws: StoreError.self) { try store.lock("Tiny:one") }
    #expect(error == .lockFailed(path: path, reason: reason))
    // Nor is it considered to be a lock that no process holds.
    #expect(store.leftovers() == [])
    #expect(try String(contentsOfFile: folder.path("novel.txt"), encoding: .utf8) == text)
  }

  @Test func aLinkIsNotFollowed() throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.path("novel.txt"))
    try expectRefusal("it is a symbolic link")
  }

  @Test func anotherFilesNameIsNotWritten() throws {
    try FileManager.default.linkItem(atPath: folder.path("novel.txt"), toPath: path)
    try expectRefusal("it has another name as well")
  }

  @Test func aFileIsNotCut() throws {
    try folder.write(text, "home/locks/tiny-one.lock")
    try expectRefusal("it is not a lock")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
  }

  @Test func aPipeIsNotWaitedFor() throws {
    #expect(mkfifo(path, 0o600) == 0)
    try expectRefusal("it is not a file")
  }

  @Test func aFileThatOthersMayWriteIsNoLock() throws {
    try folder.write("1\n", "home/locks/tiny-one.lock")
    #expect(chmod(path, 0o666) == 0)
    try expectRefusal("other users may write it")
  }

  @Test func linkedLocksLeadNowhere() throws {
    try FileManager.default.removeItem(atPath: folder.path("home/locks"))
    try FileManager.default.createDirectory(atPath: folder.path("elsewhere"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("home/locks"), withDestinationPath: folder.path("elsewhere"))
    #expect(throws: StoreError.link(path: folder.path("home/locks"))) { try store.lock("Tiny:one") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("elsewhere")) == [])
  }

  @Test func theLastHoldersNumberIsWrittenOver() throws {
    try folder.write("12345678901\n", "home/locks/tiny-one.lock")
    let lock = try store.lock("Tiny:one")
    #expect(StoreLock.holder(path) == Int(getpid()))
    lock.release()
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
