import ZooImages

/// Processes many picture files, several in each pass through the model; a file that cannot be read does not affect the others.
package struct PictureRun {
  package let loader: PictureLoader
  /// The number of pictures that share a pass.
  package let together: Int

  package init(loader: PictureLoader, together: Int = 4) {
    self.loader = loader
    self.together = max(1, together)
  }

  /// The number of passes for so many pictures.
  package func passes(for count: Int) -> Int { (count + together - 1) / together }

  /// - Parameters:
  ///   - paths: Picture files; `-` is standard input.
  ///   - work: Returns a result for each of some pictures; it also gets their indices in the list of paths.
  ///   - each: Called for each path in order, with what was loaded and its result, or with the reason why it could not be read.
  package func run<Output>(
    _ paths: [String], work: ([Int], [LoadedPicture]) throws -> [Output],
    each: (Int, Result<(picture: LoadedPicture, output: Output), any Error>) throws -> Void
  ) throws {
    var waiting = paths.indices[...]
    while !waiting.isEmpty {
      var batch: [(place: Int, loaded: Result<LoadedPicture, any Error>)] = []
      var pictures: [LoadedPicture] = [], places: [Int] = []
      while pictures.count < together, let place = waiting.popFirst() {
        let loaded = Result { try loader.load(path: paths[place]) }
        batch.append((place, loaded))
        if case .success(let picture) = loaded {
          pictures.append(picture)
          places.append(place)
        }
      }
      var outputs = pictures.isEmpty ? [] : try work(places, pictures)[...]
      for (place, loaded) in batch {
        switch loaded {
        case .failure(let error): try each(place, .failure(error))
        case .success(let picture): try each(place, .success((picture, outputs.removeFirst())))
        }
      }
    }
  }
}
