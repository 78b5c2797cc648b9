// The part of Core Graphics that CGImageBridge.swift uses.
import Foundation

public typealias CFString = String

public final class CGColorSpace {
  public static let sRGB: CFString = ""
  public init?(name: CFString) {}
}

public enum CGImageAlphaInfo: UInt32 {
  case none, premultipliedLast, premultipliedFirst, last, first, noneSkipLast, noneSkipFirst, alphaOnly
}

public final class CGImage {
  public var width: Int { 0 }
  public var height: Int { 0 }
}

public final class CGContext {
  public init?(
    data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int, bytesPerRow: Int,
    space: CGColorSpace, bitmapInfo: UInt32
  ) {}
  public var data: UnsafeMutableRawPointer? { nil }
  public var bytesPerRow: Int { 0 }
  public func setFillColor(red: CGFloat, green: CGFloat, blue: CGFloat, alpha: CGFloat) {}
  public func fill(_ rects: [CGRect]) {}
  public func draw(_ image: CGImage, in rect: CGRect, byTiling: Bool = false) {}
  public func makeImage() -> CGImage? { nil }
}
