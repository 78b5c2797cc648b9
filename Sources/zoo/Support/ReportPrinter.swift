import ArgumentParser
import ZooImages

/// Prints results for pictures as they are found, or all of them as JSON at the end.
struct ReportPrinter {
  var report: PictureReport
  /// Receives the whole report before it is printed, even if an error ends the run after some pictures.
  var complete: (inout PictureReport) throws -> Void = { _ in }
  private let tasks: [String]
  private let json: Bool
  private let bar: Progress
  private var failures: InputFailures
  private var notes: Notes
  private var pictureNotes = PictureNotes()

  init(_ report: PictureReport, label: String, tasks: [String], notes: Notes, isStrict: Bool, json: Bool) {
    self.report = report
    self.tasks = tasks
    self.json = json
    self.notes = notes
    bar = Progress(label, total: tasks.count, quiet: notes.isQuiet)
    failures = InputFailures(total: tasks.count, isStrict: isStrict)
    progress(0)
  }

  /// Shows the picture that is being processed.
  private func progress(_ place: Int) { if place < tasks.count { bar.update(place, tasks[place]) } }

  /// Adds a picture's part of the report, or the reason why there is none.
  mutating func add<Found>(
    _ place: Int, _ result: Result<(picture: LoadedPicture, output: Found), any Error>,
    _ entry: (LoadedPicture, Found) throws -> PictureReport.ImageReport
  ) throws {
    switch result {
    case .failure(let error):
      bar.finish()
      do { try failures.add(tasks[place], error) } catch {
        // If an error ends the run, earlier results are not lost.
        guard tasks.count > 1, json || !report.images.isEmpty else { throw error }
        failures.note(tasks[place], error)
        notes.add(
          "The run ended there: \(tasks.count - report.images.count) of \(tasks.count) pictures are not in the results."
        )
        try printReport(withFiles: !report.images.isEmpty)
        throw ExitCode(Failure.code(of: error))
      }
      progress(place + 1)
    case .success(let (picture, output)):
      let entry = try entry(picture, output)
      report.images.append(entry)
      pictureNotes.add(tasks[place], picture.source)
      if json { return progress(place + 1) }
      bar.finish()
      if tasks.count > 1 || entry.sheets != nil {
        print((report.images.count > 1 ? "\n" : "") + printable(tasks[place], within: Terminal.resultWidth))
      }
      print(entry.table(within: Terminal.resultWidth))
      try Output.flush()
      progress(place + 1)
    }
  }

  /// Ends the run: prints notes and JSON, and throws an error if inputs failed.
  mutating func finish() throws {
    bar.finish()
    try printReport(withFiles: true)
    try failures.finish()
  }

  private mutating func printReport(withFiles: Bool) throws {
    for note in pictureNotes.sentences { notes.add(note) }
    report.errors = failures.entries
    report.notes = notes.all
    if withFiles { try complete(&report) }
    if json {
      try printJSON(report)
    } else {
      for file in [report.reportFile, report.boxesFile].compactMap({ $0 }) { print(file) }
    }
  }
}
