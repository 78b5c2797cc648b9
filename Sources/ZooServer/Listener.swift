import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Listens on an address and has each request answered.
final class Listener: Sendable {
  private let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let open: Connections
  private let answers = DispatchGroup()

  /// The port that clients connect to; chosen by the system if 0 was requested.
  var port: Int { channel.localAddress?.port ?? 0 }

  /// Throws a `ServerError` if it cannot listen on the address.
  init(
    host: String, port: Int, limits: ServerLimits, answer: @escaping @Sendable (ServerRequest) async -> ServerResponse
  ) throws {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let open = Connections(limit: limits.connections), budget = Budget(limits.allBodyBytes), answers = answers
    self.open = open
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 128)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        guard open.add(channel) else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
          var decoder = NIOHTTPDecoderLimitConfiguration()
          decoder.maxHeaderFieldSize = limits.headerBytes
          decoder.maxHeaderListSize = limits.headerBytes
          decoder.maxHeaderFieldCount = limits.headerFields
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandlers(
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoder)),
            HTTPServerPipelineHandler(), Connection(limits: limits, budget: budget, answers: answers, answer: answer))
        }
      }
      .childChannelOption(.maxMessagesPerRead, value: 4)
    do {
      channel = try bootstrap.bind(host: host, port: port).wait()
    } catch {
      try? group.syncShutdownGracefully()
      if let error = error as? IOError, error.errnoCode == EADDRINUSE {
        throw ServerError.portTaken(host: host, port: port, by: ownerOfPort(port))
      }
      throw ServerError.cannotListen(host: host, port: port, reason: "\(error)")
    }
  }

  /// Accepts no more connections, and gives the open ones some seconds to finish.
  func drain(seconds: Int) {
    try? channel.close().wait()
    open.closeIdle()
    let end = ContinuousClock.now + .seconds(seconds)
    while open.count > 0, ContinuousClock.now < end { usleep(20_000) }
    // Connections that did not finish are closed, and work for them ends.
    open.closeAll()
    _ = answers.wait(timeout: .now() + .seconds(5))
    try? group.syncShutdownGracefully()
  }
}

/// The open connections.
private final class Connections: Sendable {
  private let limit: Int
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  init(limit: Int) { self.limit = limit }

  var count: Int { channels.withLock { $0.count } }

  /// False if there are too many.
  func add(_ channel: any Channel) -> Bool {
    let id = ObjectIdentifier(channel)
    let isTaken = channels.withLock { channels in
      guard channels.count < limit else { return false }
      channels[id] = channel
      return true
    }
    if isTaken { channel.closeFuture.whenComplete { _ in self.channels.withLock { _ = $0.removeValue(forKey: id) } } }
    return isTaken
  }

  func closeAll() {
    for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
  }

  func closeIdle() {
    for channel in channels.withLock({ Array($0.values) }) {
      channel.pipeline.fireUserInboundEventTriggered(ServerIsEnding())
    }
  }
}

/// Sent to all connections when the server shuts down: those that wait for a request close.
struct ServerIsEnding: Sendable {}
