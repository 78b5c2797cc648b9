import Foundation
import ZooTensors

/// Reads a JSON text strictly before Foundation decodes it: a duplicate key is an error, whereas Foundation silently takes the first.
package func checkJSON<Failure: JSONFailure>(_ data: Data, file: String, failure: Failure.Type) throws(Failure) {
  let result = data.withUnsafeBytes { bytes in
    Result { () throws(Failure) in
      // The view does not outlive the data.
      var scanner = JSONScanner<Failure>(ByteView(bytes, owner: nil), file: file)
      try scanner.skipValue()
      try scanner.end()
    }
  }
  try result.get()
}
