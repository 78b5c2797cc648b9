import Testing
import ZooCheckpoints
import ZooTestSupport

/// Hostile files are rejected for what is wrong with them, by the check that exists for it.
@Suite struct HostileRuleTests {
  static let rules: [(String, CheckpointError.Rule)] = [
    ("npy/version_9.npy", .npyVersion), ("npy/header_calls_function.npy", .npyHeader),
    ("npy/header_duplicate_key.npy", .npyHeader), ("npy/shape_wraps.npy", .sizeOverflow),
    ("npy/object_array.npy", .npyType), ("npy/void4.npy", .npyType), ("npy/data_short.npy", .dataMissing),
    ("npy/header_deep_parens.npy", .npyHeaderLength), ("npy/header_length_beyond_file.npy", .npyHeaderLength),
    ("npz/no_eocd.npz", .zipEnd), ("npz/count_too_high.npz", .zipDirectory), ("npz/count_65535_no_zip64.npz", .zip64),
    ("npz/crc_wrong.npz", .zipChecksum), ("npz/zip_bomb_shape_lies.npz", .npySize),
    ("npz/declared_terabytes.npz", .npySize), ("npz/usize_lies_small.npz", .zipInflatedSize),
    ("npz/usize_lies_big.npz", .zipMemberSize), ("npz/csize_beyond_file.npz", .zipMemberSize),
    ("npz/zip64_extra_missing.npz", .zip64), ("npz/duplicate_member.npz", .zipDuplicateName),
    ("npz/path_traversal_member.npz", .zipName), ("npz/nul_in_name.npz", .zipName),
    ("npz/local_name_differs.npz", .zipLocalHeader), ("npz/encrypted_flag.npz", .zipEncrypted),
    ("npz/method_12.npz", .zipMethod), ("npz/deflate_truncated.npz", .zipDeflate),
    ("npz/deflate_bad_distance.npz", .zipDeflate), ("npz/multi_disk.npz", .zipMultipleDisks),
    ("torch/os_system.pt", .pickleForbidden), ("torch/builtins_eval.pt", .pickleForbidden),
    ("torch/legacy_magic_os_system.pt", .pickleForbidden), ("torch/torch_load_gadget.pt", .torchOpaqueTensor),
    ("torch/inst_opcode.pt", .pickleOpcode), ("torch/ext_opcode.pt", .pickleOpcode),
    ("torch/memo_undefined.pt", .pickleMemo), ("torch/stack_underflow.pt", .pickleStack),
    ("torch/deep_nesting.pt", .torchNoTensors), ("torch/cyclic_list.pt", .torchNoTensors),
    ("torch/no_stop.pt", .pickleTruncated), ("torch/bytes_after_stop.pt", .pickleTrailing),
    ("torch/string_beyond_file.pt", .pickleTruncated), ("torch/long4_negative.pt", .pickleTruncated),
    ("torch/setitem_on_list.pt", .pickleType), ("torch/build_on_tensor.pt", .pickleType),
    ("torch/protocol_200.pt", .pickleProtocol), ("torch/storage_missing.pt", .torchStorageMissing),
    ("torch/storage_too_short.pt", .torchStorageSize), ("torch/storage_too_long.pt", .torchStorageSize),
    ("torch/storage_key_traversal.pt", .torchStorageMissing), ("torch/storage_numel_2_62.pt", .sizeOverflow),
    ("torch/storage_conflicting_types.pt", .torchStorageConflict), ("torch/size_beyond_storage.pt", .torchViewBounds),
    ("torch/stride_beyond_storage.pt", .torchViewBounds), ("torch/offset_beyond_storage.pt", .torchViewBounds),
    ("torch/stride_overflow.pt", .torchViewBounds), ("torch/stride_negative.pt", .torchRebuild),
    ("torch/size_overflow.pt", .sizeOverflow), ("torch/expand_bomb.pt", .torchViewSize),
    ("torch/rank_mismatch.pt", .torchRebuild), ("torch/args_missing.pt", .torchRebuild),
    ("torch/key_not_string.pt", .torchKey), ("torch/two_roots.pt", .torchRoots),
    ("torch/byteorder_nonsense.pt", .torchByteOrder), ("torch/deflated_storage_bomb.pt", .torchStorageSize),
    ("torch/not_a_dict.pt", .torchNotAStateDict), ("torch/legacy_tar.pt", .torchTar),
    ("torch/legacy_storage_lies.pt", .torchStorageSize),
    ("index/missing_shard/model.safetensors.index.json", .shardMissing),
    ("index/parent_path/model.safetensors.index.json", .shardName),
    ("index/absolute_path/model.safetensors.index.json", .shardName),
    ("index/tensor_in_two_shards/model.safetensors.index.json", .shardExtraTensor),
    ("index/no_weight_map/model.safetensors.index.json", .indexIncomplete),
  ]

  @Test(arguments: rules.indices) func rule(_ index: Int) throws {
    let (path, rule) = Self.rules[index]
    let error = try checkpointError { try readAll(openGolden("hostile/" + path)) }
    #expect(error.rule == rule, "\(error)")
  }

  @Test func theSentencesStateExpectedAndFound() throws {
    func sentence(_ path: String) throws -> String {
      let error = try checkpointError { try readAll(openGolden("hostile/" + path)) }
      return String(error.description.dropFirst(Golden.url("hostile/").path.count + 1))
    }
    #expect(
      try sentence("npz/crc_wrong.npz") == "npz/crc_wrong.npz: 'a.npy': the CRC-32 of the archive member does not "
        + "match: expected 0x12345678, found 0x9457e5f9 (byte 35)")
    #expect(
      try sentence("torch/stride_beyond_storage.pt")
        == "torch/stride_beyond_storage.pt: 'w': the tensor reaches beyond "
        + "its storage: expected at most 16 bytes of storage, found size [2, 2], stride [3, 1], offset 0 (byte 284)")
    #expect(
      try sentence("torch/os_system.pt") == "torch/os_system.pt: the pickle refers to code that could do harm; "
        + "nothing was executed: posix.system (byte 187)")
  }
}
