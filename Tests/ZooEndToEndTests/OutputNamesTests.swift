import Testing

@testable import ZooCommand

/// Names of results: unique, the same in every run, and valid on every file system.
@Suite struct OutputNamesTests {
  private func name(
    _ path: String, of all: [String]? = nil, digest: String = "d", _ prompts: [String] = ["a bee"],
    label: String? = nil, method: String = "", settings: String = "s", suffix: String = "png"
  ) -> String {
    OutputNames(pictures: all ?? [path]).name(
      of: path, digest: digest, prompts: prompts, label: label, method: method, settings: settings, suffix: suffix)
  }

  @Test func theIdDependsOnAllThatTheResultDependsOnAndOnNothingElse() {
    let plain = name("in/cat.jpg")
    #expect(plain.wholeMatch(of: /cat\.a-bee\.[0-9a-z]{8}\.png/) != nil)
    #expect(plain == name("elsewhere/cat.jpg", of: ["elsewhere/cat.jpg"]))
    #expect(name("in/cat.jpg", of: ["in/cat.jpg", "out/dog.jpg"]) == "in/" + plain)
    let others = [
      name("in/cat.png"), name("in/cat.jpg", digest: "e"), name("in/cat.jpg", settings: "t"),
      name("in/cat.jpg", ["a-bee"]), name("in/cat.jpg", ["a bee "]), name("in/cat.jpg", ["a bee", "x"]),
      name("in/cat.jpg", method: "gradcam"), name("in/cat.jpg", label: "grid"), name("in/cat.jpg", label: "layers"),
      plain,
    ]
    #expect(Set(others).count == others.count)
  }

  @Test func foldersAreThoseOfThePicturesBelowTheirCommonOne() {
    let all = ["/p/a/cat.jpg", "/p/b/c/cat.jpg", "/p/cat.jpg", "-", "/dev/fd/63"]
    let names = OutputNames(pictures: all)
    #expect(names.allFolders == ["a", "b/c", ""])
    #expect(name("/p/b/c/cat.jpg", of: all).hasPrefix("b/c/cat.a-bee."))
    #expect(name("-", of: all).hasPrefix("picture.a-bee."))
    #expect(name("../x/../y/cat.jpg", of: ["../x/../y/cat.jpg", "../y/dog.jpg"]).hasPrefix("cat.a-bee."))
  }

  @Test(arguments: [
    ("A photo of a Bee!", "a-photo-of-a-bee"), ("蜜蜂 と 花", "蜜蜂-と-花"), ("Пчела", "пчела"), ("मधुमक्खी", "मधुमक्खी"),
    ("cafe\u{301}", "caf\u{E9}"), ("../../etc/passwd", "etc-passwd"), ("a\nb\u{202E}c\0d", "a-b-c-d"), ("🐝", ""),
  ])
  func wordsOfAnyScriptAreKept(_ prompt: String, _ words: String) {
    #expect(OutputNames.words(of: prompt).unicodeScalars.elementsEqual(words.unicodeScalars))
  }

  @Test func namesFitEveryFileSystem() {
    let long = String(repeating: "蜜", count: 100), path = "\(long).jpg"
    let whole = name(
      path, [String(repeating: "e\u{301} ", count: 500)], method: "transformer-attribution",
      suffix: "layers.npy")
    // 255 bytes minus the dot, the number and the extension of a file that is being written.
    #expect(whole.utf8.count <= OutputNames.limit && OutputNames.limit <= 255 - 17)
    #expect(whole.unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
    #expect(name("a.jpg", ["🐝"]).wholeMatch(of: /a\.[0-9a-z]{8}\.png/) != nil)
  }
}
