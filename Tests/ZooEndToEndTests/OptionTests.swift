import Foundation
import Testing
import ZooExplain

@testable import ZooCommand

/// Options that are parsed without their command.
@Suite struct OptionTests {
  @Test(arguments: ["off", "OFF", " Off "])
  func correctionsCanBeOff(_ text: String) throws {
    #expect(try CorrectionOption(text, threshold: nil) == .off)
  }

  @Test(
    arguments: [
      ("a photo of a", nil, "a photo of a", 0.8), ("a photo of a, 0.5", nil, "a photo of a", 0.5),
      ("a photo of a,0.5", nil, "a photo of a", 0.5), ("a cat, lying", nil, "a cat, lying", 0.8),
      ("a photo of a", 0.25, "a photo of a", 0.25), ("room 101, 5", 0.25, "room 101, 5", 0.25),
    ] as [(String, Float?, String, Float)])
  func correctionsHaveAThreshold(_ text: String, _ given: Float?, _ prompt: String, _ threshold: Float) throws {
    #expect(
      try CorrectionOption(text, threshold: given) == .on(Correction(prompt: prompt, threshold: threshold)))
  }

  @Test(
    arguments: [
      ("", nil), ("  ", nil), (",nan", nil), ("a,nan", nil), ("a, 1.5", nil), ("a,-1", nil), ("a,0.5x", nil),
      ("a,", nil),
      (",0.5", nil), ("a", 2), ("a", .nan),
    ] as [(String, Float?)])
  func correctionsThatMeanNothingAreRefused(_ text: String, _ threshold: Float?) {
    #expect(throws: CallError.self) { try CorrectionOption(text, threshold: threshold) }
  }

  @Test func tablesGivePicturesTheirPrompts() throws {
    let text = "\u{FEFF}id,Image,prompt\r\n1,a.png,\"a \"\"b\"\",\nc\"\r\n2,/b.png,x\r\n\r\n3,a.png,y"
    let table = try PromptTable(String(text.dropFirst()), file: "in/p.csv")
    #expect(table.pictures.map(\.path) == ["in/a.png", "/b.png"])
    #expect(table.pictures.map(\.prompts) == [["a \"b\",\nc", "y"], ["x"]])
    #expect(try PromptTable("path\ttext\na.png\tx, y", file: "p.tsv").pictures.map(\.prompts) == [["x, y"]])
    for (text, line) in [
      ("a.png,x\n", 1), ("image,prompt\n", 1), ("image,prompt\na.png\n", 2), ("image,prompt\na.png,x\nb.png, \n", 3),
      ("image,prompt\na.png,\"x\n", 2),
    ] {
      do {
        _ = try PromptTable(text, file: "p.csv")
        Issue.record("\(text) was read")
      } catch CallError.badTable(_, let found, _) {
        #expect(found == line, "\(text)")
      }
    }
  }
}
