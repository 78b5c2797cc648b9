/// An SVG file from Cairo, with its pictures renumbered from 1.
///
/// Cairo continues the numbers across everything that a process draws, so the same drawing would give different files.
func renumbered(_ svg: [UInt8]) -> [UInt8] {
  let names = ["image", "surface"].map { Array($0.utf8) }, quote = UInt8(ascii: "\""), hash = UInt8(ascii: "#")
  var result: [UInt8] = [], numbers: [[UInt8]: Int] = [:], at = 0, copied = 0
  result.reserveCapacity(svg.count)
  while let sign = svg[at...].firstIndex(where: { $0 == quote || $0 == hash }) {
    at = sign + 1
    guard let name = names.first(where: { svg[at...].starts(with: $0) }) else { continue }
    let digits = svg[(at + name.count)...].prefix { (48...57).contains($0) }
    // Base64 contains neither quotation marks nor hashes.
    guard !digits.isEmpty, digits.endIndex < svg.count, svg[digits.endIndex] == quote else { continue }
    let number = numbers[Array(digits), default: numbers.count + 1]
    numbers[Array(digits)] = number
    result += svg[copied..<digits.startIndex] + Array("\(number)".utf8)
    (at, copied) = (digits.endIndex, digits.endIndex)
  }
  return result + svg[copied...]
}
