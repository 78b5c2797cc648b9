/// What a server gives to one client and to all of them together.
package struct ServerLimits: Sendable {
  /// Bytes of a request's body; pictures come in it as base64.
  package var bodyBytes = 48 << 20
  /// Bytes of the bodies of all requests that arrive or are in hand.
  package var allBodyBytes = 512 << 20
  /// Bytes of all header fields of a request, and how many there are.
  package var headerBytes = 16 << 10
  package var headerFields = 64
  /// Pixels of a picture.
  package var pixels = 50_000_000
  /// Open connections.
  package var connections = 128
  /// Requests that wait for the model or are with it.
  package var waiting = 32
  /// Seconds in which a request must have arrived whole, and an idle connection is kept.
  package var seconds = 30
  /// Seconds that the model may spend on one request, and on those that share its work.
  package var workSeconds = 300
  /// Seconds that requests in hand get when the server is told to end.
  package var drainSeconds = 10
  /// Bytes of weights in memory; models that were used longest ago are let go. The one in use stays in any case.
  package var modelBytes = 8 << 30
  /// Bytes of picture files that are kept.
  package var pictureBytes = 256 << 20
  /// Bytes of passes that are kept for pictures.
  package var passBytes = 1 << 30

  package init() {}
}
