// Names in swift-transformers, MLX and The Composable Architecture, as in SwiftUILike.

public protocol Tokenizer {}
public protocol Decoder {}
public protocol Normalizer {}
public protocol PreTokenizer {}
public protocol PostProcessor {}
public protocol LanguageModel {}
public struct AutoTokenizer {}
public struct BertTokenizer {}
public struct BPETokenizer {}
public struct Config {}
public struct DataType {}
public struct Embedding {}
public struct GenerationConfig {}
public struct Hub {}
public struct HubApi {}
public struct Linear {}
public struct Module {}
public struct Parallel {}
public struct PreTrainedTokenizer {}
public struct Sequential {}
public struct Store<State, Action> {}
public struct TokenizerError {}
public struct TokenizerModel {}
public struct UnigramTokenizer {}
