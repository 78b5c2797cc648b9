import ZooImages

/// Works through many picture files, some of them in one pass through the model; one that cannot be read holds up none.
package struct PictureRun {
  package let loader: PictureLoader
  /// How many pictures share a pass.
  package let together: Int

  package init(loader: PictureLoader, together: Int = 4) {
    self.loader = loader
    self.together = max(1, together)
  }

  /// Passes that so many pictures take.
  package func passes(for count: Int) -> Int { (count + together - 1) / together }

  /// - Parameters:
  ///   - paths: of picture files; `-` is standard input.
  ///   - work: gives a result for each of some pictures; their places among the paths come with them.
  ///   - each: is called for each path in order, with what was loaded and its result, or with why it could not be read.
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
