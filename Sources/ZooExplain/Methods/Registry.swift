/// All methods, in the order in which they are listed. Nothing else names them all.
let methodTypes: [any ExplanationMethod.Type] = [
  LeGrad.self, Rollout.self, RawAttention.self, GradCAM.self, AttentionCAM.self, CheferCAM.self, TextSpan.self,
  LRP.self,
  PartialLRP.self, TransformerAttribution.self, GEM.self,
]
