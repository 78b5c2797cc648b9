import Foundation
import Testing
import ZooTestSupport

/// What `zoo list` and `zoo show` say about the registry.
@Suite struct ListTests {
  private func architectures(_ arguments: String...) throws -> [String] {
    let result = try Command().run(["list", "--json"] + arguments)
    #expect(result.code == 0, "\(result.errors)")
    let list = try #require(try result.json() as? [[String: Any]])
    return list.compactMap { $0["architecture"] as? String }
  }

  @Test func aFamilyIsNamedByItsIDOrItsTitle() throws {
    let all = try architectures("--family", "pe_core")
    #expect(all.count == 5 && all.allSatisfy { $0.hasPrefix("PE-Core-") })
    #expect(try architectures("--family", "perception encoder") == all)
    let wrong = try Command().run("list", "--family", "lama")
    #expect(wrong.code == 2)
    #expect(wrong.errors.hasPrefix("zoo: no family is called 'lama'; there are clipa, dinov2, eva, "))
  }

  @Test func aSearchFindsAllItsWordsInOneModel() throws {
    #expect(try architectures("--search", "Apple-AMLR").contains("MobileCLIP-B"))
    #expect(try architectures("--search", "siglip multilingual-nonsense") == [])
    let table = try Command().run("list", "--search", "laion datacomp.xl").output
    #expect(table.contains("ViT-B-32") && table.contains("datacomp_xl_s13b_b90k"))
    #expect(!table.contains("laion2b_s34b_b79k"), "tags that do not have the words are left out")
  }

  @Test func modelsAreListedByFamilyAndNotCutWhereNoTerminalIs() throws {
    let lines = try Command().run("list").output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("ARCHITECTURE") && lines[0].hasSuffix("TAGS"))
    let heading = try #require(lines.firstIndex(of: "SigLIP 2 (--family siglip2)"))
    #expect(lines[heading + 1].hasPrefix("ViT-B-16-SigLIP2 "))
    let long = try #require(lines.first { $0.hasPrefix("ViT-B-32 ") })
    #expect(long.contains(" metaclip_fullcc") && long.contains("commonpool_s_image_s13m_b4k"))
  }

  @Test func oneModelSaysWhatItIsAndWhatWasVerified() throws {
    let show = try Command().run("show", "ViT-B-16-SigLIP2").output
    for line in [
      "pooler attention, positions resampled by bicubic_antialias", "pooled by last, projection linear_bias",
      "tokenizer of timm/ViT-B-16-SigLIP2", "licence: apache-2.0", "languages: ",
      "not verified: the published weights themselves; 'zoo pull' checks sizes and digests",
    ] { #expect(show.contains(line), "\(line)") }
    #expect(try Command().run("show", "ViT-S-32").output.contains("none are registered"))
    #expect(try Command().run("show", "ViT-L/14@336px").output.hasPrefix("ViT-L-14-336  "))
  }
}
