import Foundation
import Testing
import ZooTestSupport

@testable import ZooCommand

/// The page that `--report` writes, and the words of prompts.
@Suite struct ReportTests {
  private let zoo: Command
  private let scene = "Examples/examples/scene2.jpg"

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
  }

  @Test func textIsEscapedWhereverItStands() {
    let hostile = "<script>alert(\"x\")</script> & 'it'\u{202E}\n"
    let escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;it&#39;\\u{202e}\\n"
    #expect(HTML(escaping: hostile).text == escaped)
    let page: HTML = "<p title=\"\(hostile)\">\(HTML(["<b>\(hostile)</b>", "<i></i>"]))</p>"
    #expect(page.text == "<p title=\"\(escaped)\"><b>\(escaped)</b>\n<i></i></p>")
    #expect(HTML.list([(hostile, hostile)]).text == "<dl><dt>\(escaped)</dt><dd>\(escaped)</dd></dl>")
    #expect(
      RunFacts.call(["/usr/bin/zoo", "explain", "it's", "", "a b", "x=1,2"]) == "zoo explain 'it'\\''s' '' 'a b' x=1,2")
  }

  @Test func theReportHoldsEverythingAndNeedsNothing() throws {
    let hostile = "a <script>alert(1)</script> \"bee\" & صورة"
    let call = [
      "explain", "ViT-Ti-8-emoji", scene, "Tests/Golden/images/sources/exif_6.jpg", "-p", "a photo of a butterfly",
      "-p",
      "a photo of a banana", "-p", hostile, "--method", "legrad,gradcam:layer=3", "--words", "-o", zoo.file("out"),
    ]
    let path = zoo.file("pages/report.html")
    let result = try zoo.run(call + ["--report", path, "--json"])
    let report = try #require(try result.json() as? [String: Any], "\(result.errors)")
    #expect(report["report_file"] as? String == path)
    let page = try String(contentsOfFile: path, encoding: .utf8)
    // The page loads and runs nothing.
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    #expect(
      !page.contains("<script") && !page.contains("http:") && !page.contains("https:") && !page.contains("@import"))
    let sources = page.matches(of: /(?:src|href|url)\s*[=(]\s*"?([^">)]{0,30})/).map { $0.1 }
    #expect(sources.allSatisfy { $0.hasPrefix("data:image/png;base64,") })
    // Two pictures with three prompts by two methods each, and one colour bar.
    #expect(sources.count == 2 + 2 * 3 * 2 + 1)
    #expect(page.contains("a &lt;script&gt;alert(1)&lt;/script&gt; &quot;bee&quot; &amp; صورة"))
    let images = try #require(report["images"] as? [[String: Any]])
    let absent = images.flatMap { $0["prompts"] as? [[String: Any]] ?? [] }.count { $0["absent"] as? Bool == true }
    // In the table and beside the maps.
    #expect(absent >= 4 && page.matches(of: />absent</).count == 2 * absent)
    for part in [
      "prefers-color-scheme", "@media print", "ViT-Ti-8-emoji:local", "LeGrad official", "GradCAM layer 3", "SHA-256",
      Zoo.configuration.version, "is cut away", "--method legrad,gradcam:layer=3",
    ] { #expect(page.contains(part), "\(part)") }
    // Again, into the same file.
    #expect(try zoo.run(call + ["--report", path]).output.hasSuffix("\(path)\n"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.file("pages")) == ["report.html"])
    for (bad, part) in [("report.txt", "end its name in .html"), ("out", "end its name in .html")] {
      let refused = try zoo.run(call + ["--report", zoo.file(bad)])
      #expect(refused.code == 2 && refused.errors.contains(part), "\(refused.errors)")
    }
  }

  /// `--strict` ends the run at the first picture that cannot be read; all results include what was done before.
  @Test func aRunThatEndsEarlyWritesWhatIsDone() throws {
    let whole = try Data(contentsOf: Golden.repository.appending(path: scene))
    try whole.prefix(9000).write(to: URL(filePath: zoo.file("damaged.jpg")))
    let call = [
      "explain", "ViT-Ti-8-emoji", scene, zoo.file("damaged.jpg"), "Examples/examples/scene3.jpg", "-p", "a bee",
      "--strict",
      "-o", zoo.file("out"), "--report", zoo.file("page.html"), "--boxes", zoo.file("boxes.json"),
    ]
    for json in [false, true] {
      let result = try zoo.run(call + (json ? ["--json"] : []))
      #expect(result.code == 2)
      #expect(
        result.errors == """
          zoo: \(zoo.file("damaged.jpg")) is a damaged JPEG: the file ends before the picture does
          note: The run ended there: 2 of 3 pictures are not in the results.

          """)
      let page = try String(contentsOfFile: zoo.file("page.html"), encoding: .utf8)
      #expect(page.contains("scene2.jpg") && !page.contains("<h2><bdi>Examples/examples/scene3.jpg"))
      #expect(page.contains("is a damaged JPEG") && page.contains("2 of 3 pictures are not in the results."))
      if json {
        let report = try #require(try result.json() as? [String: Any])
        #expect(report["report_file"] as? String == zoo.file("page.html"))
      } else {
        #expect(result.output.hasSuffix("\(zoo.file("page.html"))\n\(zoo.file("boxes.json"))\n"))
      }
      for file in ["page.html", "boxes.json"] { try FileManager.default.removeItem(atPath: zoo.file(file)) }
    }
    // Nothing is written if nothing was done.
    let none = try zoo.run(call.filter { $0 != scene })
    #expect(none.code == 2 && !FileManager.default.fileExists(atPath: zoo.file("page.html")))
  }

  @Test func wordsShareTheSimilarity() throws {
    let result = try zoo.run(
      "explain", "ViT-Ti-8-emoji", scene, "-p", "a photo of a bee", "--words", "--json", "-o", zoo.file("out"))
    let images = try #require((try result.json() as? [String: Any])?["images"] as? [[String: Any]], "\(result.errors)")
    let words = try #require((images[0]["prompts"] as? [[String: Any]])?[0]["words"] as? [[String: Any]])
    #expect(words.map { $0["text"] as? String } == ["a", "photo", "of", "a", "bee"])
    #expect(abs(words.reduce(0) { $0 + ($1["share"] as? Double ?? 0) } - 1) < 1e-5)
    let text = try zoo.run(
      "explain", "ViT-Ti-8-emoji", scene, "-p", "a photo of a bee", "--words", "-o", zoo.file("out"))
    #expect(text.output.contains("\na photo of a bee: a "), "\(text.output)")
    try zoo.run(
      "convert", "Tests/Golden/models/vit_classifier/checkpoints/timm", "--heads", "4", "--as", "golden:vit", "--quiet")
    let refused = try zoo.run("explain", "golden:vit", scene, "--words", "-o", zoo.file("out"))
    #expect(refused.errors == "zoo: --words has no effect here: there are no prompts in words\n")
    #expect(refused.code == 2, "\(refused.errors)")
  }
}
