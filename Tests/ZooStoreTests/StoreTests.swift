import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTestSupport

@testable import ZooStore

/// A store with one converted model: a small golden one.
final class StoreSetting: Sendable {
  let folder: TemporaryFolder
  let store: ModelStore
  static let name = "Tiny:one"

  init() throws {
    folder = try TemporaryFolder()
    store = ModelStore(home: folder.url.appending(path: "home"))
    try install("one")
  }

  func install(_ tag: String, dtype: TargetDType = .keep) throws {
    let source = Golden.url("models/clip_gelu/checkpoints/openclip/open_clip_model.safetensors")
    let checkpoint = try Checkpoint.open(source.path(percentEncoded: false))
    var options = ConversionOptions()
    options.model = ModelName(architecture: "Tiny", tag: tag)
    try store.install(Conversion(checkpoint, options: options, registry: .builtIn, dtype: dtype))
  }

  var model: InstalledModel { get throws { try #require(store.installed().first) } }
  var weights: URL {
    get throws { try store.directory(of: "Tiny", tag: "one").appending(path: "weights.safetensors") }
  }

  /// Changes one byte of a file.
  func flip(_ file: URL, at offset: Int) throws {
    let handle = try FileHandle(forUpdating: file)
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(offset))
    let byte = try #require(try handle.read(upToCount: 1)?.first)
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: [byte ^ 1])
  }
}

@Suite struct VerifyTests {
  let setting: StoreSetting
  init() throws { setting = try StoreSetting() }

  @Test func aSoundModelHasNoDefects() throws {
    var last = 0
    #expect(try setting.model.verify { last = $0 } == [])
    let entries = try Checkpoint.open(setting.weights.path(percentEncoded: false)).entries
    #expect(last == entries.reduce(0) { $0 + $1.byteCount })
  }

  @Test func eightBitIntegersAndTheirScalesAreVerified() throws {
    try setting.install("two", dtype: .int8)
    let model = try #require(setting.store.installed().first { $0.description.tag == "two" })
    #expect(try model.verify() == [])
    let weights = try setting.store.directory(of: "Tiny", tag: "two").appending(path: "weights.safetensors")
    let stored = try Checkpoint.openAsStored(weights.path(percentEncoded: false))
    let names = ["text.blocks.0.fc1.weight", "vision.blocks.1.out.weight_scale"]
    for name in names { try setting.flip(weights, at: try #require(stored.entry(name)?.fileOffset)) }
    #expect(try Set(model.verify()) == Set(names.map { .changed(tensor: $0) }))
  }

  @Test func aFlippedBitIsReportedWithTheTensorsName() throws {
    let entry = try #require(
      try Checkpoint.open(setting.weights.path(percentEncoded: false)).entry("vision.positions"))
    try setting.flip(setting.weights, at: try #require(entry.fileOffset) + entry.byteCount - 1)
    let defects = try setting.model.verify()
    #expect(defects == [.changed(tensor: "vision.positions")])
    #expect(
      defects.map(\.description) == ["'vision.positions' is damaged: its bytes are not those that were converted"])
    // The headers alone do not reveal it.
    #expect(try setting.model.verify(headersOnly: true) == [])
  }

  @Test func cutWeightsAreReported() throws {
    let handle = try FileHandle(forUpdating: setting.weights)
    try handle.truncate(atOffset: 5000)
    try handle.close()
    let defects = try setting.model.verify(headersOnly: true)
    #expect(defects.count == 1)
    guard case .unreadable(let reason) = try #require(defects.first) else {
      Issue.record("\(defects)")
      return
    }
    #expect(reason.contains("weights.safetensors"))
  }

  @Test func missingFilesAreReported() throws {
    try FileManager.default.removeItem(at: setting.weights)
    #expect(try setting.model.verify() == [.missingFile("weights.safetensors")])
    #expect(Defect.missingFile("weights.safetensors").description == "the file weights.safetensors is missing")
  }

  @Test func tensorsOfAnotherModelAreReported() throws {
    let writer = try SafetensorsWriter(
      setting.weights.path(percentEncoded: false), tensors: [("stranger", .f32, [1]), ("logit_scale", .f32, [1])])
    for _ in 0..<2 { try withUnsafeBytes(of: Float(1)) { try writer.append($0) } }
    try writer.finish()
    let defects = try setting.model.verify()
    #expect(defects.contains(.unknown(tensor: "stranger")))
    #expect(defects.contains(.changed(tensor: "logit_scale")))
    #expect(defects.contains(.shape(tensor: "logit_scale", expected: [], found: [1])))
    #expect(defects.contains(.missing(tensor: "vision.positions")))
  }

  @Test func aModelThatIsNotReadableIsNotInstalled() throws {
    let file = try setting.store.directory(of: "Tiny", tag: "one").appending(path: "model.json")
    try Data("{\"format\": 9}".utf8).write(to: file)
    #expect(setting.store.installed().isEmpty)
    let broken = setting.store.broken()
    #expect(broken.map(\.name.description) == ["Tiny:one"])
    #expect(broken.map(\.reason) == ["model.json: format is 9; this version reads 1"])
    try FileManager.default.removeItem(at: file)
    #expect(setting.store.broken().map(\.reason) == ["it has no model.json"])
    try setting.store.remove("tiny:one")
    #expect(setting.store.broken().isEmpty)
  }
}

@Suite struct RemovalTests {
  let setting: StoreSetting
  init() throws { setting = try StoreSetting() }

  @Test func removesAModelAndItsEmptyFolder() throws {
    let size = try setting.model.size
    #expect(try setting.store.remove("tiny") == size)
    #expect(setting.store.installed().isEmpty)
    #expect(setting.folder.files.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: setting.folder.path("home/models/Tiny")))
    #expect(throws: StoreError.notInstalled("tiny", near: [])) { try setting.store.remove("tiny") }
  }

  @Test func nearMissesAreNamedWithAndWithoutATag() {
    #expect(throws: StoreError.notInstalled("tinx", near: ["Tiny"])) { try setting.store.resolve("tinx") }
    #expect(throws: StoreError.notInstalled("tiny:onee", near: ["Tiny:one"])) { try setting.store.resolve("tiny:onee") }
    #expect(throws: StoreError.notInstalled("nothing-alike", near: [])) { try setting.store.resolve("nothing-alike") }
  }

  @Test func keepsOtherTags() throws {
    try setting.install("two")
    #expect(throws: StoreError.ambiguous("Tiny", installed: ["Tiny:one", "Tiny:two"])) {
      try setting.store.remove("Tiny")
    }
    try setting.store.remove("Tiny:one")
    #expect(setting.store.installed().map(\.name.description) == ["Tiny:two"])
  }

  @Test func removesByPathOnlyWhatLiesInTheZoo() throws {
    let elsewhere = setting.folder.path("elsewhere")
    try FileManager.default.copyItem(
      atPath: setting.store.directory(of: "Tiny", tag: "one").path, toPath: elsewhere)
    let error = #expect(throws: StoreError.self) { try setting.store.remove(elsewhere) }
    #expect(error?.description == "\(elsewhere) is not in the zoo")
    try setting.store.remove(setting.store.directory(of: "Tiny", tag: "one").path)
    #expect(setting.store.installed().isEmpty)
    #expect(FileManager.default.fileExists(atPath: elsewhere + "/model.json"))
  }

  @Test func findsAModelByTheFileThatItCameFrom() throws {
    let source = try Data(
      contentsOf: Golden.url("models/clip_gelu/checkpoints/openclip/open_clip_model.safetensors"))
    #expect(setting.store.installed(from: sha(source))?.name.description == "Tiny:one")
    #expect(setting.store.installed(from: sha(Data())) == nil)
  }

  @Test func addsUpWhatItTakes() throws {
    try setting.folder.write("0123456789", "home/downloads/a--b/main/x.bin")
    let usage = setting.store.usage()
    #expect(usage.downloads == 10)
    #expect(usage.leftovers == 0)
    #expect(usage.models.map(\.size) == [try setting.model.size])
    #expect(usage.total == 10 + (try setting.model.size))
  }
}

@Suite struct LeftoverTests {
  let setting: StoreSetting
  /// A process that does not exist: no system has such large numbers.
  let gone = Int32.max - 7

  init() throws { setting = try StoreSetting() }

  private var kinds: [Leftover.Kind] { setting.store.leftovers().map(\.kind) }

  @Test func findsAndRemovesWhatStoppedProcessesLeft() throws {
    let folder = setting.folder
    try folder.write("x", "home/models/Tiny/.two.partial-\(gone)/weights.safetensors")
    try folder.write("x", "home/models/.Tiny.partial-\(gone)/weights.safetensors")
    try folder.write("x", "home/models/Tiny/.three.removed-\(gone)/model.json")
    try folder.write("part", "home/downloads/a--b/main/x.bin.part")
    try folder.write("{}", "home/downloads/a--b/main/x.bin.source.json")
    try folder.write("whole", "home/downloads/a--c/main/c/y.bin")
    // Files that their owner wants to keep.
    try folder.write("whole", "home/downloads/a--d/main/d/y.bin")
    try folder.write("", "home/downloads/a--d/main/d/.kept")
    try folder.write("1\n", "home/locks/tiny-one.lock")
    // Of a running process, wherever it is: the lock decides, not the number.
    try folder.write("x", "home/models/Tiny/.four.partial-\(gone)-a1/weights.safetensors")
    let lock = try #require(FolderLock(folder.path("home/models/Tiny/.four.partial-\(gone)-a1")))
    defer { withExtendedLifetime(lock) {} }
    #expect(kinds == [.conversion, .conversion, .setAside, .download, .download, .lock])
    #expect(setting.store.leftovers().map(\.bytes) == [1, 1, 1, 6, 5, 2])
    #expect(setting.store.leftovers().allSatisfy { abs($0.modified?.timeIntervalSinceNow ?? -99) < 60 })
    for leftover in setting.store.leftovers() { try setting.store.remove(leftover) }
    #expect(kinds == [])
    #expect(
      folder.files.filter { !$0.hasPrefix("home/models/Tiny/one/") } == [
        "home/downloads/a--d/main/d/.kept", "home/downloads/a--d/main/d/y.bin",
        "home/models/Tiny/.four.partial-\(gone)-a1/weights.safetensors",
      ])
    for name in ["a--b", "a--c"] {
      #expect(!FileManager.default.fileExists(atPath: folder.path("home/downloads/\(name)")))
    }
    #expect(try setting.model.verify() == [])
  }

  @Test func aModelThatWasSetAsideGetsItsPlaceBack() throws {
    let place = try setting.store.directory(of: "Tiny", tag: "one")
    let aside = place.deletingLastPathComponent().appending(path: ".one.former-\(gone)")
    try FileManager.default.moveItem(at: place, to: aside)
    #expect(setting.store.installed().isEmpty)
    #expect(kinds == [.setAside])
    for left in setting.store.leftovers() { try setting.store.remove(left) }
    #expect(try setting.model.verify() == [])
    #expect(kinds == [])
  }

  @Test func whatIsLockedIsLeftAlone() throws {
    try setting.folder.write("part", "home/downloads/a--b/main/x.bin.part")
    let seen = setting.store.leftovers()
    let lock = try setting.store.lock(ModelStore.downloadLock("a--b"))
    #expect(kinds == [])
    #expect(throws: StoreError.self) { for left in seen { try setting.store.remove(left) } }
    lock.release()
    #expect(kinds == [.download])
  }
}

@Suite struct LockTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = ModelStore(home: folder.url)
  }

  @Test func oneHolderAtATime() async throws {
    let store = store
    let first = try store.lock("ViT-H-14:laion2b")
    #expect(folder.files == ["locks/vit-h-14-laion2b.lock"])
    let other = try store.lock("ViT-H-14:openai")
    other.release()
    let events = Events()
    let second = Task.detached {
      let lock = try store.lock("vit-h-14:LAION2B") { events.add("waits for \($0 == Int(getpid()) ? "us" : "?")") }
      events.add("has it")
      return lock
    }
    while events.all.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
    try await Task.sleep(for: .milliseconds(50))
    #expect(events.all == ["waits for us"])
    events.add("given up")
    first.release()
    first.release()
    let lock = try await second.value
    #expect(events.all == ["waits for us", "given up", "has it"])
    lock.release()
    #expect(folder.files.isEmpty)
  }

  @Test func manyHoldersTakeTurns() async throws {
    let store = store, inside = Events(), errors = Events()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          for _ in 0..<50 {
            guard let lock = try? store.lock("x") else { return errors.add("no lock") }
            inside.add("in")
            if inside.all.count != 1 { errors.add("two at once") }
            inside.clear()
            lock.release()
          }
        }
      }
    }
    #expect(errors.all == [])
    #expect(folder.files.isEmpty)
  }

  @Test func namesStayInTheFolder() {
    #expect(ModelStore.lockName("../../etc/passwd") == "-..-etc-passwd.lock")
    #expect(ModelStore.lockName("ViT-B-32:laion2b_e16") == "vit-b-32-laion2b_e16.lock")
    #expect(ModelStore.lockName(String(repeating: "x", count: 5000)).count == 185)
  }

  @Test func saysWhereItCannotLock() throws {
    try folder.write("a file", "locks")
    let error = #expect(throws: StoreError.self) { try store.lock("x") }
    #expect(error?.blame == .work)
    #expect(error?.description.hasPrefix("\(folder.path("locks"))/ cannot be locked: ") == true)
  }
}
