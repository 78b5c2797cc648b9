import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// One client's connection: collects a request within its limits, has it answered, and writes the answer.
///
/// Lives on its event loop. Requests of one connection run one after the other (the pipeline ensures that).
final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let limits: ServerLimits
  private let budget: Budget
  /// Answers on their way to the event loop.
  private let answers: DispatchGroup
  /// What the body uses of the budget.
  private var taken = 0
  private let answer: @Sendable (ServerRequest) async -> ServerResponse
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  /// Why the rest of a request is discarded.
  private var refusal: ServerError?
  private var work: Task<Void, Never>?
  private var deadline: Scheduled<Void>?
  private var isEnding = false

  /// - Parameters:
  ///   - budget: The total for the bodies of all requests.
  ///   - answers: Entered while an answer is computed.
  init(
    limits: ServerLimits, budget: Budget, answers: DispatchGroup,
    answer: @escaping @Sendable (ServerRequest) async -> ServerResponse
  ) {
    (self.limits, self.budget, self.answers, self.answer) = (limits, budget, answers, answer)
  }

  func channelActive(context: ChannelHandlerContext) {
    expect(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    // Nobody waits for the answer any more.
    work?.cancel()
    letGo()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      (self.head, refusal) = (head, nil)
      if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > limits.bodyBytes {
        refuse(head, .bodyTooLarge(limit: limits.bodyBytes), context)
      } else if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
      }
    case .body(var part):
      guard refusal == nil else { return }
      if body.readableBytes + part.readableBytes > limits.bodyBytes, let head {
        refuse(head, .bodyTooLarge(limit: limits.bodyBytes), context)
      } else if !budget.take(part.readableBytes), let head {
        refuse(head, .crowded(limit: limits.allBodyBytes), context)
      } else {
        taken += part.readableBytes
        body.writeBuffer(&part)
      }
    case .end:
      guard refusal == nil, let head else { return }
      deadline?.cancel()
      answer(head, context)
    }
  }

  /// Reports an error, closes, and discards the rest of the request.
  private func refuse(_ head: HTTPRequestHead, _ error: ServerError, _ context: ChannelHandlerContext) {
    refusal = error
    letGo()
    send(ServerResponse(problem: error.status, detail: "\(error)"), to: head, closes: true, context)
  }

  /// The body is no longer needed.
  private func letGo() {
    body = ByteBuffer()
    budget.give(taken)
    taken = 0
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path =
      head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
    let request = ServerRequest(
      method: head.method, path: path, headers: head.headers,
      body: Data(body.readBytes(length: body.readableBytes) ?? []))
    let loop = context.eventLoop, bound = NIOLoopBound((self, context), eventLoop: loop), answer = answer
    answers.enter()
    work = Task { [answers] in
      let response = await answer(request)
      loop.execute {
        defer { answers.leave() }
        let (connection, context) = bound.value
        guard context.channel.isActive else { return }
        (connection.work, connection.head) = (nil, nil)
        connection.letGo()
        connection.send(response, to: head, closes: !head.isKeepAlive || connection.isEnding, context)
        connection.expect(context)
      }
    }
  }

  private func send(
    _ response: ServerResponse, to head: HTTPRequestHead, closes: Bool, _ context: ChannelHandlerContext
  ) {
    var headers = HTTPHeaders([
      ("Content-Type", response.type), ("Content-Length", "\(response.body.count)"), ("Cache-Control", "no-store"),
      ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
      ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
      (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
          + "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      ),
    ])
    for (name, value) in response.headers { headers.add(name: name, value: value) }
    if closes { headers.add(name: "Connection", value: "close") }
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: response.status, headers: headers))),
      promise: nil)
    if head.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    // A client that does not read its answer is disconnected.
    let channel = context.channel
    let patience = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.seconds))) { channel.close(promise: nil) }
    written.futureResult.whenComplete { _ in
      patience.cancel()
      if closes { channel.close(promise: nil) }
    }
  }

  /// From now on a request must arrive completely within the time limit.
  private func expect(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: .seconds(Int64(limits.seconds))) { [limits] in
      let (connection, context) = bound.value
      guard context.channel.isActive else { return }
      if let head = connection.head, connection.work == nil, connection.refusal == nil {
        connection.refuse(head, .tooSlow(seconds: limits.seconds), context)
      } else {
        context.close(promise: nil)
      }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ServerIsEnding else { return context.fireUserInboundEventTriggered(event) }
    isEnding = true
    if work == nil { context.close(promise: nil) }
  }

  /// Reports input that cannot be parsed, unless an answer is being written.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, work == nil, refusal == nil else { return context.close(promise: nil) }
    let isTooLong = error == .headerOverflow
    refuse(
      head ?? HTTPRequestHead(version: .http1_1, method: .GET, uri: ""),
      isTooLong ? .headersTooLarge(bytes: limits.headerBytes, fields: limits.headerFields) : .malformed, context)
  }
}
