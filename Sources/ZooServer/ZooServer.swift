import Foundation
import NIOHTTP1
import Synchronization
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors

/// What the host program provides to a server.
package struct ServerTools: Sendable {
  /// Loads the model in a folder, and reports the progress of preparing it ahead, from 0 to 1.
  package typealias Open =
    @Sendable (_ directory: URL, _ progress: @escaping @Sendable (Double) -> Void) throws -> ZooModel

  let open: Open
  /// Parses an input size for patches of so many pixels.
  let size: @Sendable (String, Int) throws -> GridSize
  /// The sentence for an error; nil if it has none.
  let words: @Sendable (any Error) -> String?

  package init(
    open: @escaping Open,
    size: @escaping @Sendable (_ text: String, _ patch: Int) throws -> GridSize,
    words: @escaping @Sendable (any Error) -> String?
  ) {
    (self.open, self.size, self.words) = (open, size, words)
  }
}

/// A web page and an API for the models of a store.
///
/// Client input is never taken for a path: pictures are sent as bytes, and models are named as in the store.
package final class ZooServer: Sendable {
  /// Where it listens and who may connect.
  package struct Address: Sendable {
    package var host = "127.0.0.1"
    /// 0 for any free port.
    package var port = 8080
    /// Further names by which clients reach it.
    package var names: [String] = []
    /// Nil if none is required; needed if other machines can reach the server.
    package var token: String?

    package init() {}
  }

  private let metrics: ServerMetrics
  private let limits: ServerLimits
  private let tools: ServerTools
  /// By path.
  private let routes: [String: Route]
  private let gate = Mutex<Gate?>(nil)
  private let listener = Mutex<Listener?>(nil)

  package init(store: ModelStore, tools: ServerTools, version: String, limits: ServerLimits = ServerLimits()) {
    (self.limits, self.tools) = (limits, tools)
    let queue = DispatchQueue(label: "zoo.work", qos: .userInitiated), metrics = ServerMetrics()
    let shelf = ModelShelf(store, limits: limits, open: tools.open)
    let explainAPI = ExplainAPI(passes: PicturePasses(shelf: shelf, tools: tools, limits: limits), queue: queue)
    let embeddingsAPI = EmbeddingsAPI(shelf: shelf, queue: queue, limits: limits)
    self.metrics = metrics
    routes = [
      "/v1/explain": Route(.POST) { try await explainAPI.explain($0) },
      "/v1/score": Route(.POST) { try await explainAPI.score($0) },
      "/v1/embeddings": Route(.POST) { try await embeddingsAPI.answer($0) },
      "/v1/models": Route(.GET) { _ in try ServerResponse(ModelList(shelf, limit: limits.modelBytes)) },
      "/v1/examples": Route(.GET) { _ in try ServerResponse(ExampleList()) },
      "/healthz": Route(.GET, isOpen: true) { _ in try ServerResponse(["status": "ok", "version": version]) },
      "/metrics": Route(.GET) { _ in
        let text = metrics.text([
          .init(
            kind: .gauge, name: "zoo_model_bytes", help: "Weights of the models in memory.", value: shelf.loadedBytes),
          .init(
            kind: .gauge, name: "zoo_pass_bytes", help: "Passes that are kept for pictures.", value: shelf.keptBytes),
          .init(
            kind: .counter, name: "zoo_passes_total", help: "Passes of pictures that are kept.", value: shelf.passes),
        ])
        return ServerResponse(Data(text.utf8), type: "text/plain; version=0.0.4")
      },
    ]
  }

  /// The paths besides the page's files, with their methods.
  package var paths: [String: String] { routes.mapValues(\.method.rawValue) }

  /// Starts to listen and returns the port. Throws a `ServerError` if it cannot listen on the address.
  @discardableResult
  package func start(_ address: Address) throws -> Int {
    let listener = try Listener(host: address.host, port: address.port, limits: limits) { [weak self] request in
      await self?.answer(request) ?? ServerResponse(problem: 503, detail: "\(ServerError.ending)")
    }
    gate.withLock {
      $0 = Gate(host: address.host, port: listener.port, names: address.names, token: address.token)
    }
    self.listener.withLock { $0 = listener }
    return listener.port
  }

  /// Accepts no more requests, and gives current ones time to finish.
  package func stop() {
    let listener = listener.withLock { listener in
      defer { listener = nil }
      return listener
    }
    listener?.drain(seconds: limits.drainSeconds)
  }

  // MARK: Answers

  private func answer(_ request: ServerRequest) async -> ServerResponse {
    let start = ContinuousClock.now
    let route = routes[request.path] ?? pageFile(request.path).map { file in Route(.GET, isOpen: true) { _ in file } }
    let response: ServerResponse
    do {
      guard let gate = gate.withLock({ $0 }) else { throw ServerError.ending }
      try gate.check(request, isOpen: route?.isOpen ?? false)
      guard let route else { throw ServerError.noSuchPath(String(request.path.prefix(200))) }
      let isRight = request.method == route.method || route.method == .GET && request.method == .HEAD
      guard isRight else {
        throw ServerError.wrongMethod(
          request.method.rawValue, path: request.path,
          allowed: route.method == .GET ? "GET, HEAD" : route.method.rawValue)
      }
      // A request to a model waits for its turn, and occupies one of the places.
      let waits = route.method == .POST
      if waits, !metrics.enter(limit: limits.waiting) { throw ServerError.busy(limit: limits.waiting) }
      defer { if waits { metrics.leave() } }
      response = try await route.answer(request)
    } catch {
      response = ServerResponse(error, words: tools.words)
    }
    metrics.count(
      routes[request.path] == nil ? "other" : request.path, status: Int(response.status.code),
      seconds: (ContinuousClock.now - start).seconds)
    return response
  }

  private struct Route: Sendable {
    let method: HTTPMethod
    /// Whether it can be used without a token.
    let isOpen: Bool
    let answer: @Sendable (ServerRequest) async throws -> ServerResponse

    init(
      _ method: HTTPMethod, isOpen: Bool = false,
      _ answer: @escaping @Sendable (ServerRequest) async throws -> ServerResponse
    ) {
      (self.method, self.isOpen, self.answer) = (method, isOpen, answer)
    }
  }
}
