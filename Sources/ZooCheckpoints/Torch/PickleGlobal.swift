import ZooTensors

/// A name that a pickle refers to, looked up in a fixed table: nothing is imported.
struct PickleGlobal {
  enum Meaning: Equatable {
    case rebuildTensor(arguments: ClosedRange<Int>, hasDType: Bool)
    case rebuildParameter
    case orderedDict
    case size
    case storage(DType)
    case untypedStorage
    case dtype(DType)
    /// A class of a TorchScript module.
    case scriptClass
    case unknown
  }

  /// `module.name`
  let name: String
  let meaning: Meaning

  /// Nil for names that only an attack needs.
  init?(module: String, name: String) {
    guard !isForbidden(module: module, name: name) else { return nil }
    self.name = "\(module).\(name)"
    meaning = module.hasPrefix("__torch__.") ? .scriptClass : meanings[self.name] ?? .unknown
  }
}

private let meanings: [String: PickleGlobal.Meaning] = {
  var meanings: [String: PickleGlobal.Meaning] = [
    "torch._utils._rebuild_tensor": .rebuildTensor(arguments: 4...4, hasDType: false),
    "torch._utils._rebuild_tensor_v2": .rebuildTensor(arguments: 6...7, hasDType: false),
    "torch._utils._rebuild_tensor_v3": .rebuildTensor(arguments: 7...8, hasDType: true),
    "torch._utils._rebuild_parameter": .rebuildParameter,
    "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
    "collections.OrderedDict": .orderedDict,
    "torch.Size": .size,
    "torch.storage.UntypedStorage": .untypedStorage,
    "torch.UntypedStorage": .untypedStorage,
  ]
  let storages: [(String, DType)] = [
    ("Float", .f32), ("Half", .f16), ("BFloat16", .bf16), ("Double", .f64), ("Long", .i64), ("Int", .i32),
    ("Short", .i16), ("Char", .i8), ("Byte", .u8), ("Bool", .bool), ("ComplexFloat", .c64), ("ComplexDouble", .c128),
  ]
  for (name, dtype) in storages {
    meanings["torch.\(name)Storage"] = .storage(dtype)
    meanings["torch.cuda.\(name)Storage"] = .storage(dtype)
  }
  let dtypes: [(String, DType)] = [
    ("float32", .f32), ("float16", .f16), ("bfloat16", .bf16), ("float64", .f64), ("int64", .i64), ("int32", .i32),
    ("int16", .i16), ("int8", .i8), ("uint8", .u8), ("uint16", .u16), ("uint32", .u32), ("uint64", .u64),
    ("bool", .bool), ("complex64", .c64), ("complex128", .c128), ("float8_e4m3fn", .f8e4m3),
    ("float8_e5m2", .f8e5m2), ("float8_e8m0fnu", .f8e8m0), ("float8_e4m3fnuz", .f8e4m3fnuz),
    ("float8_e5m2fnuz", .f8e5m2fnuz),
  ]
  for (name, dtype) in dtypes { meanings["torch.\(name)"] = .dtype(dtype) }
  return meanings
}()

/// Modules whose mere mention marks a file as an attack. Nothing would be run in any case, but such a file deserves no trust.
private func isForbidden(module: String, name: String) -> Bool {
  let root = String(module.prefix { $0 != "." })
  if root == "builtins" || root == "__builtin__" {
    let harmless: Set = [
      "set", "frozenset", "list", "dict", "tuple", "int", "long", "float", "bool", "complex", "bytes", "bytearray",
      "str",
      "unicode", "object", "slice", "range",
    ]
    return module != root || !harmless.contains(name)
  }
  let forbidden: Set = [
    "os", "posix", "nt", "subprocess", "sys", "importlib", "imp", "pickle", "_pickle", "cPickle", "commands", "pty",
    "runpy", "shutil", "socket", "ctypes", "code", "marshal", "webbrowser", "multiprocessing", "pdb", "bdb", "timeit",
    "platform", "popen2", "pip", "ensurepip", "http", "urllib", "requests", "smtplib", "ssl", "asyncio", "signal",
  ]
  return forbidden.contains(root)
}
