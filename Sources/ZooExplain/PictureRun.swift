import ZooImages
import ZooRuntime

/// Processes many picture files side by side; a file that cannot be read does not affect the others.
package struct PictureRun: Sendable {
  package let loader: PictureLoader
  package let model: ZooModel

  package init(loader: PictureLoader, model: ZooModel) { (self.loader, self.model) = (loader, model) }

  /// - Parameters:
  ///   - paths: Picture files; `-` is standard input.
  ///   - work: Returns the result of a picture, on any thread. It gets the model with the threads that it may use, and the picture's index in
  ///     the list of paths. An error that it throws ends the run after the pictures before this one.
  ///   - each: Called for each path in order, with what was loaded and its result, or with the reason why it could not be read.
  package func run<Output: Sendable>(
    _ paths: [String], work: @escaping @Sendable (ZooModel, Int, LoadedPicture) throws -> Output,
    each: (Int, Result<(picture: LoadedPicture, output: Output), any Error>) throws -> Void
  ) throws {
    typealias Loaded = Result<(picture: LoadedPicture, output: Result<Output, any Error>), any Error>
    try model.sideBySide(Array(paths.indices)) { [loader] model, place -> Loaded in
      Result { try loader.load(path: paths[place]) }.map { picture in
        (picture, Result { try work(model, place, picture) })
      }
    } each: { place, loaded in
      switch loaded {
      case .failure(let error): try each(place, .failure(error))
      case .success(let (picture, output)): try each(place, .success((picture, output.get())))
      }
    }
  }
}
