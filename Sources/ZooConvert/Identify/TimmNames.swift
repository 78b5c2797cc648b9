// Written by Tools/timm/make_names.py from timm 1.0.31; do not edit.

/// timm's names of vision transformers.
enum TimmNames {
  /// `FACTS: NAMES`, an indented line continuing the one before. The facts are fields of `TimmDesign`.
  static let runnable = """
    heads=10 eps=1e-5: vit_betwixt_patch32_clip_224
    heads=10 pool=avg: vit_betwixt_patch16_gap_256
    heads=10 pool=avg positions=patches: vit_betwixt_patch16_reg1_gap_256 vit_betwixt_patch16_reg4_gap_256
      vit_betwixt_patch16_reg4_gap_384
    heads=12: deit_base_patch16_224 deit_base_patch16_384 vit_base_patch8_224 vit_base_patch14_dinov2
      vit_base_patch16_224 vit_base_patch16_224_miil vit_base_patch16_384 vit_base_patch32_224
      vit_base_patch32_384 vit_relpos_base_patch16_cls_224
    heads=12 act=silu rope=10000,0,ij,16,16: eva02_base_patch16_clip_224
    heads=12 eps=1e-5: vit_base_patch16_clip_224 vit_base_patch16_clip_384 vit_base_patch32_clip_224
      vit_base_patch32_clip_256 vit_base_patch32_clip_384 vit_base_patch32_clip_448
    heads=12 eps=1e-5 act=quick_gelu: vit_base_patch16_clip_quickgelu_224
      vit_base_patch32_clip_quickgelu_224
    heads=12 eps=1e-5 pool=avg: beit3_base_patch16_224
    heads=12 eps=1e-5 pool=map pool_prefix=yes rope=10000,1,xy,14,14 pool_heads=8:
      vit_pe_core_base_patch16_224
    heads=12 pool=avg: naflexvit_base_patch16_gap vit_base_patch16_siglip_gap_224
      vit_base_patch16_siglip_gap_256 vit_base_patch16_siglip_gap_384 vit_base_patch16_siglip_gap_512
      vit_relpos_base_patch16_224 vit_relpos_base_patch16_clsgap_224 vitamin_base_224
    heads=12 pool=avg act=gelu_tanh: vit_base_patch32_siglip_gap_256
    heads=12 pool=avg act=silu rope=10000,0,ij,16,16: eva02_base_patch14_224 eva02_base_patch14_448
    heads=12 pool=avg norm=post: vit_base_patch16_rpn_224 vit_relpos_base_patch16_rpn_224
    heads=12 pool=avg positions=patches: vit_base_patch16_reg4_gap_256
    heads=12 pool=map: naflexvit_base_patch16_map vit_base_patch16_siglip_224 vit_base_patch16_siglip_256
      vit_base_patch16_siglip_384 vit_base_patch16_siglip_512
    heads=12 pool=map act=gelu_tanh: vit_base_patch32_siglip_256
    heads=12 pool=map act=gelu_tanh resampling=bilinear: naflexvit_base_patch16_siglip
    heads=12 positions=patches: deit3_base_patch16_224 deit3_base_patch16_384 flexivit_base vit_base_mci_224
      vit_base_patch14_reg1_tipsv2 vit_base_patch14_reg4_dinov2
    heads=12 positions=patches rope=100,0,xy: vit_base_patch16_rope_ape_224
    heads=13 pool=avg: naflexvit_so150m2_patch16_reg1_gap vit_so150m2_patch16_reg1_gap_256
      vit_so150m2_patch16_reg1_gap_384 vit_so150m2_patch16_reg1_gap_448
    heads=13 pool=map: naflexvit_so150m2_patch16_reg1_map
    heads=14: vit_base_patch16_plus_240 vit_base_patch32_plus_256
    heads=14 eps=1e-5: vit_base_patch16_plus_clip_240
    heads=14 pool=avg: vit_relpos_base_patch16_plus_240 vit_so150m_patch16_reg4_gap_256
      vit_so150m_patch16_reg4_gap_384
    heads=14 pool=avg norm=post: vit_relpos_base_patch32_plus_rpn_256
    heads=14 pool=map: vit_so150m_patch16_reg4_map_256
    heads=16: eva_giant_patch14_clip_224 vit_giant_patch14_224 vit_gigantic_patch14_224 vit_huge_patch14_224
      vit_large_patch14_224 vit_large_patch14_dinov2 vit_large_patch16_224 vit_large_patch16_384
      vit_large_patch32_224 vit_large_patch32_384
    heads=16 act=silu rope=10000,0,ij,16,16: eva02_large_patch14_clip_224 eva02_large_patch14_clip_336
    heads=16 eps=1e-5: vit_giant_patch14_clip_224 vit_gigantic_patch14_clip_224
      vit_gigantic_patch14_clip_378 vit_huge_patch14_clip_224 vit_huge_patch14_clip_336
      vit_huge_patch14_clip_378 vit_large_patch14_clip_224 vit_large_patch14_clip_336
    heads=16 eps=1e-5 act=quick_gelu: vit_gigantic_patch14_clip_quickgelu_224
      vit_huge_patch14_clip_quickgelu_224 vit_huge_patch14_clip_quickgelu_378
      vit_large_patch14_clip_quickgelu_224 vit_large_patch14_clip_quickgelu_336
    heads=16 eps=1e-5 pool=avg: beit3_giant_patch14_224 beit3_giant_patch14_336 beit3_large_patch16_224
    heads=16 eps=1e-5 pool=map pool_prefix=yes rope=10000,0,xy,32,32 pool_heads=8:
      vit_pe_core_gigantic_patch14_448
    heads=16 eps=1e-5 pool=map pool_prefix=yes rope=10000,1,xy,24,24 pool_heads=8:
      vit_pe_core_large_patch14_336
    heads=16 norm=post: eva02_enormous_patch14_clip_224
    heads=16 pool=avg: eva_giant_patch14_224 eva_giant_patch14_336 eva_giant_patch14_560
      eva_large_patch14_196 eva_large_patch14_336 vit_base_patch16_gap_224 vit_giant_patch16_gap_224
      vit_huge_patch14_gap_224 vit_huge_patch16_gap_448 vit_large_patch16_siglip_gap_256
      vit_large_patch16_siglip_gap_384 vit_so400m_patch14_siglip_gap_224 vit_so400m_patch14_siglip_gap_378
      vit_so400m_patch14_siglip_gap_384 vit_so400m_patch14_siglip_gap_448 vit_so400m_patch14_siglip_gap_896
      vitamin_large2_224 vitamin_large2_256 vitamin_large2_336 vitamin_large2_384 vitamin_large_224
      vitamin_large_256 vitamin_large_336 vitamin_large_384 vitamin_xlarge_256 vitamin_xlarge_336
      vitamin_xlarge_384
    heads=16 pool=avg act=gelu_tanh: vit_giantopt_patch16_siglip_gap_256 vit_giantopt_patch16_siglip_gap_384
      vit_large_patch16_siglip_gap_512 vit_so400m_patch16_siglip_gap_256 vit_so400m_patch16_siglip_gap_384
      vit_so400m_patch16_siglip_gap_512
    heads=16 pool=avg act=silu rope=10000,0,ij,16,16: eva02_large_patch14_224 eva02_large_patch14_448
    heads=16 pool=map: vit_large_patch16_siglip_256 vit_large_patch16_siglip_384
      vit_so400m_patch14_siglip_224 vit_so400m_patch14_siglip_378 vit_so400m_patch14_siglip_384
    heads=16 pool=map act=gelu_tanh: vit_giantopt_patch16_siglip_256 vit_giantopt_patch16_siglip_384
      vit_large_patch16_siglip_512 vit_so400m_patch16_siglip_256 vit_so400m_patch16_siglip_384
      vit_so400m_patch16_siglip_512
    heads=16 pool=map act=gelu_tanh resampling=bilinear: naflexvit_so400m_patch16_siglip
    heads=16 positions=patches: deit3_huge_patch14_224 deit3_large_patch16_224 deit3_large_patch16_384
      flexivit_large vit_large_patch14_reg1_tipsv2 vit_large_patch14_reg4_dinov2
      vit_so400m_patch14_reg1_tipsv2
    heads=16 positions=patches rope=100,0,xy: vit_large_patch16_rope_ape_224
    heads=2: test_vit
    heads=2 pool=avg: test_vit2
    heads=24 act=silu: vit_giant_patch14_dinov2
    heads=24 act=silu positions=patches: vit_giant_patch14_reg1_tipsv2 vit_giant_patch14_reg4_dinov2
    heads=3: deit_tiny_patch16_224 vit_tiny_patch16_224 vit_tiny_patch16_384
    heads=3 eps=1e-5 pool=map pool_prefix=yes rope=10000,1,xy,24,24 pool_heads=8:
      vit_pe_core_tiny_patch16_384
    heads=3 pool=avg: test_vit_relpos
    heads=3 pool=avg act=silu rope=10000,0,ij,16,16: eva02_tiny_patch14_224 eva02_tiny_patch14_336
    heads=3 pool=map pool_prefix=yes: test_vit3
    heads=4 eps=1e-5: vit_xsmall_patch16_clip_224
    heads=4 pool=avg positions=patches: vit_wee_patch16_reg1_gap_256
    heads=5 pool=avg positions=patches: vit_little_patch16_reg1_gap_256 vit_little_patch16_reg4_gap_256
    heads=6: deit_small_patch16_224 vit_small_patch8_224 vit_small_patch14_dinov2 vit_small_patch16_36x1_224
      vit_small_patch16_224 vit_small_patch16_384 vit_small_patch32_224 vit_small_patch32_384
    heads=6 eps=1e-5 pool=map pool_prefix=yes rope=10000,1,xy,24,24 pool_heads=8:
      vit_pe_core_small_patch16_384
    heads=6 pool=avg: vit_relpos_small_patch16_224 vitamin_small_224
    heads=6 pool=avg act=silu rope=10000,0,ij,16,16: eva02_small_patch14_224 eva02_small_patch14_336
    heads=6 pool=avg norm=post: vit_relpos_small_patch16_rpn_224
    heads=6 positions=patches: deit3_small_patch16_224 deit3_small_patch16_384 flexivit_small
      vit_small_patch14_reg4_dinov2
    heads=6 positions=patches rope=100,0,xy: vit_small_patch16_rope_ape_224
    heads=8: vit_relpos_medium_patch16_cls_224
    heads=8 eps=1e-5: vit_medium_patch16_clip_224 vit_medium_patch32_clip_224
    heads=8 pool=avg: vit_medium_patch16_gap_240 vit_medium_patch16_gap_256 vit_medium_patch16_gap_384
      vit_relpos_medium_patch16_224
    heads=8 pool=avg norm=post: vit_relpos_medium_patch16_rpn_224
    heads=8 pool=avg positions=patches: vit_medium_patch16_reg1_gap_256 vit_medium_patch16_reg4_gap_256
      vit_mediumd_patch16_reg4_gap_256 vit_mediumd_patch16_reg4_gap_384
    heads=8 positions=patches: deit3_medium_patch16_224
    """

  /// `REASON: NAMES` of models that the runtime cannot run.
  static let refused = """
    it averages two heads on two class tokens: deit_base_distilled_patch16_224
      deit_base_distilled_patch16_384 deit_small_distilled_patch16_224 deit_tiny_distilled_patch16_224
    it has RMS norms: aimv2_1b_patch14_224 aimv2_1b_patch14_336 aimv2_1b_patch14_448 aimv2_3b_patch14_224
      aimv2_3b_patch14_336 aimv2_3b_patch14_448 aimv2_huge_patch14_224 aimv2_huge_patch14_336
      aimv2_huge_patch14_448 aimv2_large_patch14_224 aimv2_large_patch14_336 aimv2_large_patch14_448
      test_vit4 vit_5b_patch16_sapiens2 vit_base_patch16_sapiens2 vit_giant_patch16_sapiens2
      vit_huge_patch16_sapiens2 vit_large_patch16_sapiens2
    it has differential attention: vit_dlittle_patch16_reg1_gap_256 vit_dwee_patch16_reg1_gap_256
    it has no final norm: vit_base_patch16_radio_v3 vit_giant_patch16_radio_v3 vit_huge_patch16_radio_v3
      vit_huge_patch16_radio_v4 vit_intern300m_patch14_448 vit_large_patch16_radio_v3
      vit_pe_lang_gigantic_patch14_448 vit_pe_lang_large_patch14_448 vit_pe_spatial_base_patch16_512
      vit_pe_spatial_gigantic_patch14_448 vit_pe_spatial_large_patch14_448 vit_pe_spatial_small_patch16_512
      vit_pe_spatial_tiny_patch16_512 vit_so400m_patch16_radio_v4
    it has no position table: vit_base_patch16_rope_224 vit_base_patch16_rope_reg1_gap_256
      vit_betwixt_patch16_rope_reg4_gap_256 vit_large_patch16_rope_224 vit_medium_patch16_rope_reg1_gap_256
      vit_mediumd_patch16_rope_reg1_gap_256 vit_small_patch16_rope_224
    it has talking-heads attention and class attention layers: cait_m36_384 cait_m48_448 cait_s24_224
      cait_s24_384 cait_s36_384 cait_xs24_384 cait_xxs24_224 cait_xxs24_384 cait_xxs36_224 cait_xxs36_384
    its attention has relative position biases: beit_base_patch16_224 beit_base_patch16_384
      beit_large_patch16_224 beit_large_patch16_384 beit_large_patch16_512 beitv2_base_patch16_224
      beitv2_large_patch16_224 vit_srelpos_medium_patch16_224 vit_srelpos_small_patch16_224
    its attention has windows and relative position biases: samvit_base_patch16 samvit_base_patch16_224
      samvit_huge_patch16 samvit_large_patch16
    its blocks run attention and MLP in parallel: vit_base_patch16_18x2_224 vit_base_patch16_xp_224
      vit_dpwee_patch16_reg1_gap_256 vit_huge_patch14_xp_224 vit_large_patch14_xp_224
      vit_pwee_patch16_reg1_gap_256 vit_small_patch16_18x2_224
    its patches come from a ResNet: vit_base_r26_s32_224 vit_base_r50_s16_224 vit_base_r50_s16_384
      vit_base_resnet26d_224 vit_base_resnet50d_224 vit_large_r50_s32_224 vit_large_r50_s32_384
      vit_small_r26_s32_224 vit_small_r26_s32_384 vit_small_resnet26d_224 vit_small_resnet50d_s16_224
      vit_tiny_r_s16_p8_224 vit_tiny_r_s16_p8_384
    its position embedding is of another kind: naflexvit_base_patch16_par_gap
      naflexvit_base_patch16_parfac_gap naflexvit_base_patch16_radio_v3 naflexvit_giant_patch16_radio_v3
      naflexvit_huge_patch16_radio_v3 naflexvit_huge_patch16_radio_v4 naflexvit_large_patch16_radio_v3
      naflexvit_so400m_patch16_radio_v4
    its rotary embedding is of another kind: vit_7b_patch16_dinov3 vit_base_patch16_dinov3
      vit_base_patch16_dinov3_qkvb vit_base_patch16_lingbot vit_base_patch16_rope_mixed_224
      vit_base_patch16_rope_mixed_ape_224 vit_giant_patch16_lingbot vit_huge_plus_patch16_dinov3
      vit_huge_plus_patch16_dinov3_qkvb vit_large_patch16_dinov3 vit_large_patch16_dinov3_qkvb
      vit_large_patch16_lingbot vit_large_patch16_rope_mixed_224 vit_large_patch16_rope_mixed_ape_224
      vit_small_patch16_dinov3 vit_small_patch16_dinov3_qkvb vit_small_patch16_lingbot
      vit_small_patch16_rope_mixed_224 vit_small_patch16_rope_mixed_ape_224 vit_small_plus_patch16_dinov3
      vit_small_plus_patch16_dinov3_qkvb vit_tiny_patch16_dinov3_qkvb
    """
}
