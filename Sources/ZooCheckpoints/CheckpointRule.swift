extension CheckpointError {
  /// The ways a checkpoint can be invalid. The wording is in `CheckpointRule+Sentence.swift`.
  package enum Rule: Sendable, CaseIterable {
    // Files.
    case notFound
    case notReadable
    case notAFile
    case empty
    case systemFailed
    case isGitLFSPointer
    case isXetPointer
    case isWebPage
    case isXML
    case isText
    case foreignFormat
    case unknownContainer
    case noCheckpointInFolder
    case severalCheckpointsInFolder
    case noSuchPart
    case severalStateDicts
    case noSuchTensor

    // JSON.
    case notJSON
    case jsonTooDeep
    case jsonDuplicateKey
    case jsonNotUTF8
    case jsonLoneSurrogate
    case jsonTooManyKeys
    case jsonNotAnInteger

    // Tensors of any container.
    case unknownDType
    case tooManyDimensions
    case sizeOverflow
    case partialByte
    case tooManyTensors
    case duplicateName
    case float8Scale

    // safetensors.
    case headerTooShort
    case headerTooLong
    case headerBeyondFile
    case headerStart
    case entryIncomplete
    case offsetsCount
    case offsetsOrder
    case offsetsSize
    case hole
    case overlap
    case dataSize
    case dataMissing

    // Shards.
    case indexIncomplete
    case indexTooLong
    case shardName
    case shardMissing
    case shardContainer
    case shardLacksTensor
    case shardExtraTensor

    // NPY.
    case npyMagic
    case npyVersion
    case npyHeader
    case npyHeaderLength
    case npyType
    case npySize

    // ZIP.
    case zipEnd
    case zipDirectory
    case zipMultipleDisks
    case zip64
    case zipTooManyMembers
    case zipMemberTooLarge
    case zipName
    case zipDuplicateName
    case zipEncrypted
    case zipMethod
    case zipMemberSize
    case zipLocalHeader
    case zipOverlap
    case zipDeflate
    case zipInflatedSize
    case zipChecksum
    case zipUnknownContent

    // PyTorch.
    case pickleTruncated
    case pickleTrailing
    case pickleTooLarge
    case pickleOpcode
    case pickleProtocol
    case pickleStack
    case pickleMemo
    case pickleText
    case pickleType
    case pickleForbidden
    case torchTar
    case torchBarePickle
    case torchRoots
    case torchByteOrder
    case torchStorageReference
    case torchStorageConflict
    case torchStorageMissing
    case torchStorageSize
    case torchRebuild
    case torchViewBounds
    case torchViewSize
    case torchLegacyHeader
    case torchNotAStateDict
    case torchNoTensors
    case torchKey
    case torchOpaqueTensor
    case torchTooManyTensors

    // Writing.
    case writeFailed
    case writeTooMuch
    case writeTooLittle
  }
}
