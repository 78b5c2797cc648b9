import CPage
import Foundation

/// The files of the web page, which are built into the binary, by path.
func pageFile(_ path: String) -> ServerResponse? {
  let name = path == "/" ? "index.html" : String(path.dropFirst())
  guard path.hasPrefix("/"), let file = zoo_page_file(name) else { return nil }
  return ServerResponse(
    Data(bytes: file.pointee.bytes, count: file.pointee.size), type: String(cString: file.pointee.type))
}

/// The answer of `/v1/examples`.
struct ExampleList: Encodable {
  let object = "list"
  let data = [
    Example(
      name: "Scene 1", url: "/examples/scene1.jpg",
      prompts: ["a photo of a panda", "a photo of a kite", "a photo of a teapot"]),
    Example(
      name: "Scene 2", url: "/examples/scene2.jpg",
      prompts: ["a photo of a butterfly", "a photo of a bee", "a photo of a snail", "a photo of a watermelon"]),
    Example(
      name: "Scene 3", url: "/examples/scene3.jpg",
      prompts: ["a photo of a rocket", "a photo of a flying saucer", "a photo of a robot", "a photo of a globe"]),
  ]

  struct Example: Encodable {
    let name: String
    let url: String
    let prompts: [String]
  }
}
