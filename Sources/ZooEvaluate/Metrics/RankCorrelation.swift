/// Spearman's rank correlation of two lists of equal length; equal values share the mean of their ranks.
///
/// It is undefined if all values of a list are equal: then 1 if that holds for both lists, otherwise 0.
package func rankCorrelation(_ a: [Float], _ b: [Float]) -> Float {
  func ranks(_ values: [Float]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count), start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
      start = end + 1
    }
    return ranks
  }
  let (x, y) = (ranks(a), ranks(b)), middle = Double(a.count - 1) / 2
  var (xy, xx, yy) = (0.0, 0.0, 0.0)
  for (p, q) in zip(x, y) {
    xy += (p - middle) * (q - middle)
    xx += (p - middle) * (p - middle)
    yy += (q - middle) * (q - middle)
  }
  return Float(xx == 0 || yy == 0 ? (xx == yy ? 1 : 0) : xy / (xx * yy).squareRoot())
}
