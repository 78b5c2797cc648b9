import Dispatch
import Foundation
import Synchronization
import Testing
import Zoo

/// A cancelled task stops where it is, and leaves nothing behind.
@Suite struct CancellationTests {
  @Test func aConversionStopsAndLeavesNothing() async throws {
    let folder = try Folder(), told = Told<ConversionProgress>()
    let conversion = try await Conversion.open(Demo.checkpoint)
    let store = ModelStore(home: folder.url)
    let result = await cancelled { cancel in
      try await store.install(conversion) { step in
        told.add(step)
        if told.all.count == 3 { cancel() }
      }
    }
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(told.all.count == 3)
    #expect(folder.files.isEmpty, "\(folder.files)")
    #expect(store.installed().isEmpty)
    // The lock is free, and the same conversion can be done.
    #expect(try await store.install(conversion).verify().isEmpty)
  }

  @Test func anExplanationStopsBetweenBlocks() async throws {
    let model = try await DemoModel.shared.model(), picture = try Picture(contentsOf: Demo.scene(1))
    let blocks = try #require(model.architecture.vision?.blocks.layers)
    let whole = Told<Double>(), part = Told<Double>()
    _ = try await Explainer(model: model).explain(picture, prompts: ["a photo of a panda"]) { whole.add($0) }
    #expect(whole.all.count >= blocks && whole.all.last == 1)
    let result = await cancelled { cancel in
      try await Explainer(model: model).explain(picture, prompts: ["a photo of a panda"]) { share in
        part.add(share)
        if part.all.count == 2 { cancel() }
      }
    }
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(part.all.count == 2)
  }

  @Test func manyPicturesStopAfterThoseAtHand() async throws {
    let model = try await DemoModel.shared.model()
    let pictures = [Picture](repeating: try Picture(contentsOf: Demo.scene(1)), count: 24)
    let explained = Told<Int>(), embedded = Told<Int>()
    let first = await cancelled { cancel in
      try await Explainer(model: model).explain(pictures, prompts: ["a photo of a panda"]) { done in
        explained.add(done)
        cancel()
      }
    }
    #expect(throws: CancellationError.self) { try first.get() }
    #expect(explained.all == [4])
    let second = await cancelled { cancel in
      try await model.embed(pictures) { done in
        embedded.add(done)
        cancel()
      }
    }
    #expect(throws: CancellationError.self) { try second.get() }
    #expect(embedded.all == [4])
  }

  @Test func anEvaluationStops() async throws {
    let model = try await DemoModel.shared.model()
    let data = try Demo.scenes(4), told = Told<EvaluationProgress>()
    let result = await cancelled { cancel in
      try await PointingProtocol(data).evaluate([Explainer(model: model)]) { step in
        told.add(step)
        if step.phase == .measuring { cancel() }
      }
    }
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(told.all.filter { $0.phase == .measuring }.count == 1)
  }

  @Test func embeddingFilesStopsAndGoesOn() async throws {
    let model = try await DemoModel.shared.model(), folder = try Folder(), told = Told<Int>()
    let target = folder.url.appending(path: "embeddings"), scenes = (1...6).map(Demo.scene)
    let result = await cancelled { cancel in
      try await model.embed(files: scenes, into: target) { done, _ in
        told.add(done)
        if done > 0 { cancel() }
      }
    }
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(told.all == [0, 4])
    try await model.embed(files: scenes, into: target) { done, total in told.add(done) }
    #expect(told.all == [0, 4, 4, 6])
    #expect(try EmbeddingSearch(contentsOf: target, madeBy: model).count == 6)
  }

  @Test func verifyingStops() async throws {
    let folder = try Folder(), store = ModelStore(home: folder.url), told = Told<Int>()
    let installed = try await store.install(Conversion.open(Demo.checkpoint))
    #expect(try await installed.verify().isEmpty)
    let result = await cancelled { cancel in
      try await installed.verify {
        told.add($0)
        cancel()
      }
    }
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(told.all.count == 1)
  }

  @Test func aTaskThatIsCancelledBeforeBeginsNothing() async throws {
    let folder = try Folder(), told = Told<ConversionProgress>()
    let conversion = try await Conversion.open(Demo.checkpoint)
    let target = folder.url.appending(path: "model")
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await conversion.write(to: target) { told.add($0) }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(told.all.isEmpty && folder.files.isEmpty)
  }

  /// The threads shared by all tasks are few: work on them would block the whole program. Here, more conversions than there are threads, an
  /// explanation and an evaluation are stopped in the middle, and a task still runs.
  @Test func workHoldsUpNoOtherTask() async throws {
    let model = try await DemoModel.shared.model(), picture = try Picture(contentsOf: Demo.scene(1))
    let data = try Demo.scenes(4)
    let folder = try Folder(), gate = Gate(), standing = Told<Int>()
    let count = ProcessInfo.processInfo.activeProcessorCount + 2
    let works = (0..<count).map { number in
      Task {
        let conversion = try await Conversion.open(Demo.checkpoint), told = Told<Int>()
        _ = try await conversion.write(to: folder.url.appending(path: "model\(number)")) { _ in
          told.add(number)
          if told.all.count == 1 { standing.add(number) }
          gate.wait()
        }
      }
    }
    let explanation = Task {
      try await Explainer(model: model).explain(picture, prompts: ["a photo of a panda"]) { (share: Double) in
        if share == 0 { standing.add(count) }
        gate.wait()
      }
    }
    // If those threads are blocked as well, this opens the gate.
    DispatchQueue.global().asyncAfter(deadline: .now() + 900) { gate.open() }
    while standing.all.count < count + 1, !gate.isOpen { try await Task.sleep(for: .milliseconds(10)) }
    let evaluation = Task {
      try await PointingProtocol(data).evaluate([Explainer(model: model)]) { _ in gate.wait() }
    }
    let wasFree = await Task.detached { !gate.isOpen }.value
    #expect(wasFree)
    // Before the gate opens: a small evaluation finishes while the conversions are awaited.
    evaluation.cancel()
    gate.open()
    for work in works { try await work.value }
    _ = try await explanation.value
    await #expect(throws: CancellationError.self) { try await evaluation.value }
  }
}

/// Blocks threads until it is open.
private final class Gate: Sendable {
  private let group = DispatchGroup()
  private let state = Mutex(false)

  init() { group.enter() }
  var isOpen: Bool { state.withLock { $0 } }
  func wait() { group.wait() }
  func open() {
    let isFirst = state.withLock { isOpen in
      defer { isOpen = true }
      return !isOpen
    }
    if isFirst { group.leave() }
  }
}
