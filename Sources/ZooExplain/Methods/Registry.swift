/// All methods, in the order in which they are listed. This is the only list of them.
let methodTypes: [any ExplanationMethod.Type] = [
  LeGrad.self, Rollout.self, RawAttention.self, GradCAM.self, AttentionCAM.self, CheferCAM.self, TextSpan.self,
  LRP.self,
  PartialLRP.self, TransformerAttribution.self, GEM.self,
]
