/// What a server gives to one client and to all of them together.
public struct ServerLimits: Sendable {
  /// Bytes of a request's body; pictures come in it as base64.
  public var bodyBytes = 48 << 20
  /// Bytes of the bodies of all requests that arrive or are in hand.
  public var allBodyBytes = 512 << 20
  /// Bytes of all header fields of a request, and how many there are.
  public var headerBytes = 16 << 10
  public var headerFields = 64
  /// Pixels of a picture.
  public var pixels = 50_000_000
  /// Open connections.
  public var connections = 128
  /// Requests that wait for the model or are with it.
  public var waiting = 32
  /// Seconds in which a request must have arrived whole, and an idle connection is kept.
  public var seconds = 30
  /// Seconds that the model may spend on one request, and on those that share its work.
  public var workSeconds = 300
  /// Seconds that requests in hand get when the server is told to end.
  public var drainSeconds = 10
  /// Bytes of weights in memory; models that were used longest ago are let go. The one in use stays in any case.
  public var modelBytes = 8 << 30
  /// Bytes of picture files that are kept.
  public var pictureBytes = 256 << 20
  /// Bytes of passes that are kept for pictures.
  public var passBytes = 1 << 30

  public init() {}
}
