# Mends in Bochs, at the commit that amx.sh names, what zoo, oneDNN and Linux need on processors with AMX; run in its folder by amx.sh:
# Linux only offers AMX where the processor has XFD (extended feature disable); signed bytes in tiles were multiplied as unsigned ones; saved tiles lost
# half their rows; the compact XSAVE area had the wrong size; VCVTNE2PS2BF16 read past its second operand; VDPBF16PS misread offsets of operands in memory.
ed -s cpu/avx/amx.cc << 'END'
309c
  const Bit8s ybyte[4] = { Bit8s(y & 0xff), Bit8s((y >> 8) & 0xff), Bit8s((y >> 16) & 0xff), Bit8s(y >> 24) };
.
295c
  const Bit8s xbyte[4] = { Bit8s(x & 0xff), Bit8s((x >> 8) & 0xff), Bit8s((x >> 16) & 0xff), Bit8s(x >> 24) };
.
282,283c
  const Bit8s xbyte[4] = { Bit8s(x & 0xff), Bit8s((x >> 8) & 0xff), Bit8s((x >> 16) & 0xff), Bit8s(x >> 24) };
  const Bit8s ybyte[4] = { Bit8s(y & 0xff), Bit8s((y >> 8) & 0xff), Bit8s((y >> 16) & 0xff), Bit8s(y >> 24) };
.
228a
  if (BX_CPU_THIS_PTR msr.ia32_xfd & BX_XCR0_XTILEDATA_MASK) {
    BX_CPU_THIS_PTR msr.ia32_xfd_err = BX_XCR0_XTILEDATA_MASK;
    exception(BX_NM_EXCEPTION, 0);
  }

.
211a
  if (BX_CPU_THIS_PTR msr.ia32_xfd & BX_XCR0_XTILEDATA_MASK) {
    BX_CPU_THIS_PTR msr.ia32_xfd_err = BX_XCR0_XTILEDATA_MASK;
    exception(BX_NM_EXCEPTION, 0);
  }

.
189a
  if (BX_CPU_THIS_PTR msr.ia32_xfd & BX_XCR0_XTILEDATA_MASK) {
    BX_CPU_THIS_PTR msr.ia32_xfd_err = BX_XCR0_XTILEDATA_MASK;
    exception(BX_NM_EXCEPTION, 0);
  }

.
w
q
END
ed -s cpu/avx/amx.h << 'END'
34c
  AMX(): palette_id(0), start_row(0), tile_use_tracker(0) {}
.
w
q
END
ed -s cpu/avx/avx512_bf16.cc << 'END'
70c
    dst.vmm16u(n) = convert_ne_fp32_to_bfloat16(op1.vmm32u(n - DWORD_ELEMENTS(len)));
.
w
q
END
ed -s cpu/cpu.h << 'END'
705a
  Bit64u ia32_xfd, ia32_xfd_err;
.
w
q
END
ed -s cpu/cpuid.cc << 'END'
540a
    if (is_cpu_extension_supported(BX_ISA_AMX))
      leaf->eax |= (1<<4);
.
499a
    }
.
498c
    if (features & (1 << n)) {
      if (xsave_restore[n].attr & BX_XSAVE_ALIGN64)
        max_size = (max_size + 63) & ~63;
.
w
q
END
ed -s cpu/crregs.cc << 'END'
1894c
    xsave_restore[xcr0_t::BX_XCR0_XTILEDATA_BIT].attr   = BX_XSAVE_ALIGN64 | BX_XSAVE_XFD_SUPPORT;
.
w
q
END
ed -s cpu/decoder/ia_opcodes_evex.def << 'END'
242c
bx_define_opcode(BX_IA_EVEX_VDPBF16PS_VpsHdqWdq_Kmask, "vdpbf16ps", "vdpbf16ps", &BX_CPU_C::LOAD_BROADCAST_MASK_VectorD, &BX_CPU_C::VDPBF16PS_MASK_VpsHdqWdqR, BX_ISA_AVX512_BF16, OP_Vps, OP_Hdq, OP_mVps, OP_NONE, BX_PREPARE_EVEX_NO_SAE)
.
w
q
END
ed -s cpu/init.cc << 'END'
1090a
  BX_CPU_THIS_PTR msr.ia32_xfd = BX_CPU_THIS_PTR msr.ia32_xfd_err = 0;
.
w
q
END
ed -s cpu/msr.cc << 'END'
1074a
      break;
    case BX_MSR_IA32_XFD:
      BX_CPU_THIS_PTR msr.ia32_xfd = val_64;
      break;
    case BX_MSR_IA32_XFD_ERROR:
      BX_CPU_THIS_PTR msr.ia32_xfd_err = val_64;
.
385a
    case BX_MSR_IA32_XFD:
      val64 = BX_CPU_THIS_PTR msr.ia32_xfd;
      break;
    case BX_MSR_IA32_XFD_ERROR:
      val64 = BX_CPU_THIS_PTR msr.ia32_xfd_err;
      break;
.
119a
  msr_desc[BX_MSR_IA32_XFD] = new MSR_Descriptor("MSR_IA32_XFD", BX_ISA_AMX, ~Bit64u(BX_XCR0_XTILEDATA_MASK));
  msr_desc[BX_MSR_IA32_XFD_ERROR] = new MSR_Descriptor("MSR_IA32_XFD_ERR", BX_ISA_AMX, ~Bit64u(BX_XCR0_XTILEDATA_MASK));
.
w
q
END
ed -s cpu/xsave.cc << 'END'
1216c
  return BX_CPU_THIS_PTR amx->tile_use_tracker != 0 && !(BX_CPU_THIS_PTR msr.ia32_xfd & BX_XCR0_XTILEDATA_MASK);
.
1199c
    for (unsigned row=0; row < BX_TILE_MAX_ROWS; row++) {
.
1188c
    for (unsigned row=0; row < BX_TILE_MAX_ROWS; row++) {
.
1155,1156c
      tilecfg.vmm16u(8+n)    = BX_CPU_THIS_PTR amx->tilecfg[n].bytes_per_row;
      tilecfg.vmmubyte(48+n) = BX_CPU_THIS_PTR amx->tilecfg[n].rows;
.
w
q
END
