extension CheckpointError {
  /// The ways for a checkpoint to be wrong; the raw value is the sentence.
  public enum Rule: String, Sendable, CaseIterable {
    // Files.
    case notFound = "there is no such file"
    case notReadable = "the file cannot be opened"
    case notAFile = "this is no regular file"
    case empty = "the file is empty"
    case systemFailed = "the system failed to read the file"
    case isGitLFSPointer = "this is a Git LFS pointer, not the file it points to"
    case isWebPage = "this is a web page, not a checkpoint: the download failed"
    case unknownContainer = "this is no safetensors, PyTorch, NPZ or NPY file"
    case noCheckpointInFolder = "the folder holds no checkpoint file"
    case severalCheckpointsInFolder = "the folder holds several checkpoint files: name one"
    case noSuchTensor = "the checkpoint has no tensor of this name"

    // JSON.
    case notJSON = "the JSON text is malformed"
    case jsonTooDeep = "the JSON text is nested too deeply"
    case jsonDuplicateKey = "the JSON text repeats a key"
    case jsonNotUTF8 = "the JSON text is not valid UTF-8"
    case jsonLoneSurrogate = "the JSON text has half of a surrogate pair"
    case jsonNotAnInteger = "the number in the JSON text is not allowed here"

    // Tensors of any container.
    case unknownDType = "the element type is unknown"
    case tooManyDimensions = "the tensor has too many dimensions"
    case sizeOverflow = "the size of the tensor overflows"
    case partialByte = "the elements do not fill whole bytes"
    case duplicateName = "two tensors have the same name"

    // safetensors.
    case headerTooShort = "the file is too short for a safetensors header"
    case headerTooLong = "the safetensors header is longer than the format allows"
    case headerBeyondFile = "the safetensors header does not fit into the file"
    case headerStart = "the safetensors header does not start with '{'"
    case entryIncomplete = "the header entry lacks a field"
    case offsetsCount = "data_offsets must be two numbers"
    case offsetsOrder = "the tensor ends before it begins"
    case offsetsSize = "dtype and shape need another number of bytes than data_offsets span"
    case hole = "there are bytes before the tensor that belong to no tensor"
    case overlap = "the tensor overlaps the one before"
    case dataSize = "the tensors do not end where the file ends"

    // Shards.
    case indexIncomplete = "the index has no weight_map"
    case shardName = "a shard must be a plain file name beside the index"
    case shardMissing = "a shard of the index does not exist"
    case shardContainer = "the shards are of different or unsuitable kinds"
    case shardLacksTensor = "the shard lacks a tensor that the index places in it"
    case shardExtraTensor = "the shard holds a tensor that the index does not place in it"

    // NPY.
    case npyMagic = "this is no NPY file"
    case npyVersion = "the version of the NPY format is unknown"
    case npyHeader = "the NPY header is malformed"
    case npyHeaderLength = "the NPY header is too long or does not fit"
    case npyType = "the element type of the array is not supported"
    case npySize = "the array needs another number of bytes than there are"

    // ZIP.
    case zipEnd = "the ZIP archive has no valid end record"
    case zipDirectory = "the ZIP directory is malformed"
    case zipMultipleDisks = "the ZIP archive spans several disks"
    case zip64 = "the ZIP64 fields are missing or malformed"
    case zipName = "the name of the archive member is not allowed"
    case zipDuplicateName = "two archive members have the same name"
    case zipEncrypted = "the archive member is encrypted"
    case zipMethod = "the compression method of the archive member is not supported"
    case zipMemberSize = "the sizes of the archive member are impossible"
    case zipLocalHeader = "the archive member's own header contradicts the directory"
    case zipOverlap = "the archive member overlaps another one"
    case zipDeflate = "the compressed data of the archive member are damaged"
    case zipInflatedSize = "the archive member inflates to another size than the directory says"
    case zipChecksum = "the CRC-32 of the archive member does not match"
    case zipUnknownContent = "the ZIP archive holds neither NPY arrays nor a PyTorch checkpoint"
    case npzForeignMember = "the archive member is no NPY array"

    // PyTorch.
    case pickleTruncated = "the pickle ends too early"
    case pickleTrailing = "there are bytes after the end of the pickle"
    case pickleTooLarge = "the pickle is too large"
    case pickleOpcode = "the pickle has an opcode that no state dict needs"
    case pickleProtocol = "the pickle protocol is unknown"
    case pickleStack = "the pickle takes more from its stack than it put there"
    case pickleMemo = "the pickle reads a memo slot that was never written"
    case pickleText = "the pickle has text that is malformed"
    case pickleType = "the pickle applies an operation to the wrong kind of value"
    case pickleForbidden = "the pickle refers to code that could do harm; nothing was executed"
    case torchTar = "this is a PyTorch tar archive from before 2017, which is not supported"
    case torchBarePickle = "this is a pickle without the PyTorch file format"
    case torchRoots = "the archive holds more than one PyTorch checkpoint"
    case torchByteOrder = "the byte order is unknown"
    case torchStorageReference = "the reference to a storage is malformed"
    case torchStorageConflict = "a storage is used with two element types or sizes"
    case torchStorageMissing = "a storage is missing from the file"
    case torchStorageSize = "a storage has another size than its tensors were told"
    case torchRebuild = "the description of a tensor is malformed"
    case torchViewBounds = "the tensor reaches beyond its storage"
    case torchViewSize = "the tensor repeats a small storage to an enormous size"
    case torchLegacyHeader = "the header of the legacy PyTorch file is malformed"
    case torchNotAStateDict = "the file does not hold a state dict"
    case torchNoTensors = "the state dict has no tensors"
    case torchKey = "a key of the state dict is not text"
    case torchOpaqueTensor = "the value in the place of a tensor is an object that is not understood"
    case torchTooManyTensors = "there are too many tensors, or a module that contains itself"

    // Writing.
    case writeFailed = "the file cannot be written"
    case writeTooMuch = "more bytes were written than the tensor has"
    case writeTooLittle = "the file was finished before all tensors were written"
  }
}
