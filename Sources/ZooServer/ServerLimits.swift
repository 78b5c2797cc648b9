/// The limits for each client and for all of them together.
package struct ServerLimits: Sendable {
  /// Bytes in the body of a request, which contains pictures as base64.
  package var bodyBytes = 48 << 20
  /// Bytes in the bodies of all requests that are being received or processed.
  package var allBodyBytes = 512 << 20
  /// Bytes in all header fields of a request, and their number.
  package var headerBytes = 16 << 10
  package var headerFields = 64
  /// Pixels of a picture.
  package var pixels = 50_000_000
  /// Open connections.
  package var connections = 128
  /// Requests that wait for the model or are being processed.
  package var waiting = 32
  /// Seconds within which a request must have arrived completely, and for which an idle connection is kept.
  package var seconds = 30
  /// Seconds that the model may spend on one request, and on those that share its work.
  package var workSeconds = 300
  /// Seconds that current requests get when the server is told to shut down.
  package var drainSeconds = 10
  /// Bytes of weights in memory; the least recently used models are released. The one in use always stays.
  package var modelBytes = 8 << 30
  /// Bytes of picture files that are kept.
  package var pictureBytes = 256 << 20
  /// Bytes of passes that are kept for pictures.
  package var passBytes = 1 << 30

  package init() {}
}
