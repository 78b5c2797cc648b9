import Testing
import ZooModels
import ZooTestSupport
import ZooText

@Suite struct CleanTests {
  @Test(arguments: [TokenizerSpec.Clean.lower, .whitespace, .canonicalize])
  func everyString(_ clean: TokenizerSpec.Clean) throws {
    let golden = try GoldenStrings("tokenizers/clean.json")
    let want = try golden.texts(clean.rawValue)
    #expect(want.count == golden.strings.count)
    let wrong = zip(golden.strings, want).filter { visible(clean.cleaned($0)) != visible($1) }.map { visible($0.0) }
    #expect(wrong == [])
  }

  @Test func canonicalizeInTheReferenceFile() throws {
    let json = try #require(try Golden.json("reference/golden_clip_bpe.json") as? [String: Any])
    let cases = try #require(json["cases"] as? [[String: Any]])
    #expect(cases.count == 49)
    for item in cases {
      let text = try #require(item["text"] as? String)
      let canonical = TokenizerSpec.Clean.canonicalize.cleaned(text)
      #expect(visible(canonical) == visible(try #require(item["canonicalize"] as? String)))
      let lower = TokenizerSpec.Clean.lower.cleaned(text)
      #expect(visible(lower) == visible(try #require(item["clean_lower"] as? String)))
    }
  }

  @Test func noneLeavesTheTextAlone() {
    #expect(TokenizerSpec.Clean.none.cleaned(" X\u{FEFF}&amp; ") == " X\u{FEFF}&amp; ")
  }

  /// Expected texts come from ftfy 6.3.1 and Python's `html.unescape`.
  @Test(arguments: [
    ("&amp;amp;lt;", "<"),
    ("&notit; &notin;", "\u{AC}it; \u{2209}"),
    ("&copy2020 &copyx; &COPY;", "\u{A9}2020 \u{A9}x; \u{A9}"),
    ("&EACUTE;&SZLIG; &AMPLE;", "\u{C9}SS &LE;"),
    ("&#128;&#x92;&#0;&#xD800;&#99999999;!", "\u{20AC}'\u{FFFD}\u{FFFD}\u{FFFD}!"),
    ("&#59;amp;", ";amp;"),
    ("a &lt;b&gt; <i> &amp;amp;", "a <b> <i> &"),
    ("<p>&amp;eacute;\u{A}&amp;", "<p>\u{E9} &"),
    ("&CounterClockwiseContourIntegral;", "\u{2233}"),
    ("&fjlig;&nvlt;", "fj<\u{20D2}"),
    ("\u{1B}[31;1mred\u{1B}[0m \u{1B}[", "red ["),
    ("x\u{2028}y\u{2029}z\u{D}\u{A}w\u{D}v", "x y z w v"),
    ("\u{FEFF}a\u{206A}b\u{FFF9}", "ab"),
    ("\u{FB03} \u{FB05} \u{149} \u{1C4} \u{1C6}", "ffi \u{17F}t 'n D\u{17D} d\u{17E}"),
    (
      "\u{FF21}\u{FF40}\u{FF5E}\u{FF61}\u{FF76}\u{FF9E}\u{FFA1}\u{FFE6}\u{3000}x",
      "A`~\u{3002}\u{30AC}\u{1100}\u{20A9} x"
    ),
    ("\u{2018}a\u{2019} \u{201A}b\u{201B} \u{201C}c\u{201D} \u{201E}d\u{201F} \u{2BC}", "'a' 'b' \"c\" \"d\" '"),
    ("e\u{301}\u{327} \u{F81}\u{316}", "\u{229}\u{301} \u{F71}\u{F80}\u{316}"),
    ("\u{21F31}\u{301} \u{D55C}", "\u{21F31}\u{301} \u{D55C}"),
    ("\u{11099}\u{110BA}", "\u{1109A}"),
    ("\u{85}a\u{80}", "\u{2026}a\u{20AC}"),
    ("\u{3A9}\u{FF9F}", "\u{3A9}\u{309A}"),
  ])
  func repaired(_ text: String, _ want: String) {
    #expect(visible(TokenizerSpec.Clean.whitespace.cleaned(text)) == visible(want))
  }

  /// Expected texts come from ftfy 6.3.1: what it repairs, and what it considers intended.
  @Test(arguments: [
    ("sch\u{C3}\u{B6}n", "sch\u{F6}n"),
    ("\u{E2}\u{20AC}\u{153}quotes\u{E2}\u{20AC}\u{9D}", "\"quotes\""),
    ("l\u{2019}humanit\u{C3}\u{A9}", "l'humanit\u{E9}"),
    ("\u{F0}\u{178}\u{17D}\u{2C6} party", "\u{1F388} party"),
    ("\u{C3}\u{192}\u{C2}\u{B6}", "\u{F6}"),
    ("\u{C3}\u{A9}t\u{C3}\u{A9} \u{FC}ber", "\u{E9}t\u{E9} \u{FC}ber"),
    ("\u{E6}\u{2014}\u{A5}\u{E6}\u{153}\u{AC} \u{65E5}\u{672C}", "\u{65E5}\u{672C} \u{65E5}\u{672C}"),
    (
      "\u{D0}\u{178}\u{D1}\u{20AC}\u{D0}\u{B8}\u{D0}\u{B2}\u{D0}\u{B5}\u{D1}\u{201A}",
      "\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}"
    ),
    ("\u{D8}\u{B9}\u{D8}\u{B1}", "\u{639}\u{631}"),
    ("a\u{C2}\u{A0}b", "a b"),
    ("\u{C3}\u{B6}\u{A}&copy; \u{C3}\u{B1}", "\u{F6} \u{A9} \u{F1}"),
    ("\u{E6}\u{C3}\u{B6}", "\u{E6}\u{C3}\u{B6}"),
    ("\u{2013}\u{C3}\u{B6}", "\u{2013}\u{F6}"),
    ("\u{C3}\u{A9}", "\u{E9}"),
    ("\u{E2}\u{80}\u{94}", "\u{2014}"),
    ("\u{D7}\u{2013}", "\u{D7}\u{2013}"),
    ("\u{DF}\u{B7}", "\u{DF}\u{B7}"),
    ("Gr\u{FC}\u{DF}e \u{BB}\u{C4}\u{AB} \u{BD} \u{B0}C", "Gr\u{FC}\u{DF}e \u{BB}\u{C4}\u{AB} \u{BD} \u{B0}C"),
    ("\u{DB}\u{B2}", "\u{DB}\u{B2}"),
    ("\u{E0} la carte", "\u{E0} la carte"),
    ("A\u{C3}\u{A9}", "A\u{E9}"),
    ("10 \u{20AC} \u{A3}5", "10 \u{20AC} \u{A3}5"),
    ("\u{D9}\u{A1} a", "\u{D9}\u{A1} a"),
    ("na\u{EF}ve caf\u{E9}", "na\u{EF}ve caf\u{E9}"),
    ("_\u{DB}\u{153}", "_\u{DB}\u{153}"),
    ("\u{E2}\u{201A}\u{AC}5", "\u{20AC}5"),
    ("\u{C5}\u{201C}uvre", "\u{153}uvre"),
    ("\u{80}", "\u{20AC}"),
    ("\u{C3}\u{A9}\u{1A}", "\u{E9}"),
    ("\u{D0}\u{178}", "\u{41F}"),
    ("\u{EF}\u{BB}\u{BF}x", "x"),
  ])
  func decodedAgain(_ text: String, _ want: String) {
    #expect(visible(TokenizerSpec.Clean.whitespace.cleaned(text)) == visible(want))
  }

  /// Each repair enables the next one.
  @Test(.timeLimit(.minutes(30))) func textMadeToBeSlowIsNot() {
    let text = "x\u{C3}" + String(repeating: "\u{83}", count: 5_000)
    #expect(TokenizerSpec.Clean.whitespace.cleaned(text).hasPrefix("x\u{C3}"))
  }
}
