// Names in SwiftUI, SwiftData, Charts and the Objective-C runtime, in a module that a test imports beside Zoo: names that both have cannot be used
// there without the module's name.

public protocol View {}
public protocol Layout {}
public protocol Scene {}
public struct Animation {}
public struct Axis {}
public struct Binding<Value> {}
public struct Canvas {}
public struct Color {}
public struct Environment<Value> {}
public struct Font {}
public struct Form<Content> {}
public struct Gauge {}
public struct Gradient {}
public struct Grid {}
public struct Group<Content> {}
public struct Image {
  public init(_ name: String) {}
}
public struct Label {}
public struct Legend {}
public struct Link {}
public struct List<Content> {}
public struct Material {}
public struct Model {}
public struct Path {}
public struct Plot {}
public struct Query {}
public struct Section<Content> {}
public struct Shape {}
public struct State<Value> {}
public struct Tab {}
public struct Table<Value> {}
public struct Text {}
public struct Transaction {}
public struct Transition {}
public struct Window {}
public typealias Method = OpaquePointer
