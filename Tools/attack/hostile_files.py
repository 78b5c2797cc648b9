"""Small files that try to make a reader use much memory or time: the name, and a function that writes the file.

Each is under a megabyte unless its name says otherwise.
"""
import math, struct, zipfile


def deflated_zip(path, members, level=9):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in members:
            with archive.open(name, "w", force_zip64=True) as out:
                for piece in data if not isinstance(data, bytes) else [data]:
                    out.write(piece)


def torch_file(path, pickle, members=()):
    deflated_zip(path, [("a/data.pkl", pickle), *[("a/data/" + name, data) for name, data in members]])


def zeros(count):
    """So many zero bytes, piece by piece."""
    while count > 0:
        yield bytes(min(count, 1 << 24))
        count -= 1 << 24


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    return b"J" + struct.pack("<i", value) if value < 1 << 31 else b"\x8a\x06" + value.to_bytes(6, "little")


def tensor(key, shape, strides=None, offset=0, count=None, kind="FloatStorage"):
    """The opcodes for a tensor."""
    if strides is None:
        strides, step = [], 1
        for side in reversed(shape):
            strides.insert(0, step)
            step *= side
    if count is None:
        count = math.prod(shape)
    sides = b"(" + b"".join(map(number, shape)) + b"t"
    steps = b"(" + b"".join(map(number, strides)) + b"t"
    storage = b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count) + b"tQ"
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + sides + steps + b"\x89"
            b"ccollections\nOrderedDict\n)RtR")


LIMIT = 16 << 20  # of a pickle


def filled(unit, head=b"\x80\x02", tail=b"."):
    """A pickle of almost the largest size that repeats some opcodes."""
    return head + unit * ((LIMIT - len(head) - len(tail) - 64) // len(unit)) + tail


def pickle_case(unit, **kwargs):
    return lambda path: torch_file(path, filled(unit, **kwargs))


def state_dict(entries, repeated=b"", head=b""):
    body = b"".join(text(name) + value for name, value in entries)
    tail = b"u."
    start = b"\x80\x02" + head + b"}("
    fill = repeated * ((LIMIT - len(start) - len(body) - 64) // len(repeated)) if repeated else b""
    return start + body + fill + tail


def one_big_storage(path, megabytes=800):
    rows = megabytes << 8
    torch_file(path, state_dict([("w", tensor("0", [rows, 1024]))]), [("0", zeros(rows * 4096))])


def shared_storage(path, megabytes=400):
    rows = megabytes << 8
    entries = [(f"w{i}", tensor("0", [1, 1024], offset=1024 * (rows - i - 1), count=rows * 1024)) for i in range(64)]
    torch_file(path, state_dict(entries), [("0", zeros(rows * 4096))])


def transposed_storage(path, megabytes=400):
    rows = megabytes << 8
    torch_file(path, state_dict([("w", tensor("0", [1024, rows], strides=[1, 1024]))]), [("0", zeros(rows * 4096))])


def repeated_element(path):
    torch_file(path, state_dict([("w", tensor("0", [1 << 15, 1024], strides=[0, 0], count=1))]), [("0", bytes(4))])


def wide_module(path):
    """A TorchScript module with long names that are used repeatedly."""
    inner = b"c__torch__.m\nM\n)\x81}(" + b"".join(b"h\x01h\x02" for _ in range(100_000)) + b"ub"
    head = text("n" * (4 << 20)) + b"q\x010" + tensor("0", [1]) + b"q\x020"
    torch_file(path, b"\x80\x02" + head + b"c__torch__.m\nM\n)\x81}(" + text("m") + inner + b"ub.", [("0", bytes(4))])


def fortran_npz(path, megabytes=400):
    rows = megabytes << 8
    head = f"{{'descr': '<f4', 'fortran_order': True, 'shape': ({rows}, 1024), }}".encode()
    head = b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head
    def pieces():
        yield head
        yield from zeros(rows * 4096)
    deflated_zip(path, [("w.npy", pieces())])


def many_members(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(9000):
            archive.writestr(f"{i}.npy", b"")


def safetensors(path, header, data=b""):
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(header)) + header + data)


def nested_json(path):
    safetensors(path, b'{"__metadata__":{},"w":{"x":' + b"[" * 400_000 + b"]" * 400_000 + b"}}")


def many_keys(path):
    """A header of 100 MB, the maximum in the format."""
    safetensors(path, b'{"w":{"x":{' + b",".join(b'"%d":0' % i for i in range(8_000_000)) + b"}}}")


def many_rows(path):
    """100 MB of tensors without elements."""
    row = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    safetensors(path, b"{" + b",".join(row % i for i in range(1_600_000)) + b"}")


def many_metadata(path):
    safetensors(path, b'{"__metadata__":{' + b",".join(b'"%d":"sixteen bytes of text"' % i for i in range(2_900_000)) + b"}}")


def long_index(path):
    with open(path, "wb") as out:
        out.write(b'{"weight_map":{' + b",".join(b'"%d":"a"' % i for i in range(60_000)) + b"}}")


CASES = [
    ("dup.pt", pickle_case(b"2", head=b"\x80\x02N")),
    ("memoize.pt", pickle_case(b"\x94", head=b"\x80\x02N")),
    ("memo slot 4294967295.pt", lambda path: torch_file(path, b"\x80\x02Nr\xff\xff\xff\xff.")),
    ("marks.pt", pickle_case(b"(")),
    ("tuples.pt", pickle_case(b"\x85", head=b"\x80\x02N")),
    ("triples.pt", pickle_case(b"NNN\x87")),
    ("lists.pt", pickle_case(b"]")),
    ("lists with one.pt", pickle_case(b"]Na")),
    ("dictionaries.pt", pickle_case(b"}")),
    ("dictionaries with one.pt", pickle_case(b"}NNs")),
    ("strings.pt", pickle_case(b"\x8c\x10abcdefghijklmnop")),
    ("globals.pt", pickle_case(b"ca\n" + b"b" * 200 + b"\n")),
    ("objects.pt", pickle_case(b"h\0)\x81", head=b"\x80\x02ca\nb\nq\0")),
    ("tensors.pt", lambda path: torch_file(path, filled(tensor("0", [1] * 60)))),
    ("storages.pt", pickle_case(b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("k" * 40) + text("cpu") + b"K\1tQ")),
    ("one tensor a million times.pt", lambda path: torch_file(
        path, state_dict([], b"h\1h\2", text("w") + b"q\x010" + tensor("0", [1]) + b"q\x020"), [("0", bytes(4))])),
    ("dictionaries in a dictionary.pt", lambda path: torch_file(
        path, b"\x80\x02}(" + b"".join(text(f"{i}") + b"}" for i in range(400_000)) + b"u.")),
    ("wide module.pt", wide_module),
    ("compressed storage of 800 MB.pt", one_big_storage),
    ("compressed storage of 400 MB that 64 tensors share.pt", shared_storage),
    ("compressed storage of 400 MB, transposed.pt", transposed_storage),
    ("one element that is repeated.pt", repeated_element),
    ("compressed array of 400 MB, column by column.npz", fortran_npz),
    ("nine thousand members.npz", many_members),
    ("nested a million times.safetensors", nested_json),
    ("100 MB of keys.safetensors", many_keys),
    ("100 MB of empty tensors.safetensors", many_rows),
    ("100 MB of metadata.safetensors", many_metadata),
    ("index of 60000 tensors.safetensors.index.json", long_index),
]


def compressed_model(path, kind):
    """ViT-B-32 as saved by open_clip, all zeros; with one storage per tensor, column by column, or one storage per block."""
    width, tokens, embedding = {"visual.": 768, "": 512}, {"visual.": 50, "": 77}, 512
    shapes = {"visual.conv1.weight": [768, 3, 32, 32], "visual.class_embedding": [768], "visual.proj": [768, 512],
              "text_projection": [512, 512], "token_embedding.weight": [49408, 512], "logit_scale": [],
              "visual.positional_embedding": [50, 768], "positional_embedding": [77, 512]}
    for norm, side in (("visual.ln_pre", 768), ("visual.ln_post", 768), ("ln_final", 512)):
        shapes[norm + ".weight"] = shapes[norm + ".bias"] = [side]
    for tower, side in width.items():
        for layer in range(12):
            block = f"{tower}transformer.resblocks.{layer}."
            for name, rows, columns in (("attn.in_proj_", 3, 1), ("attn.out_proj.", 1, 1), ("mlp.c_fc.", 4, 1), ("mlp.c_proj.", 1, 4)):
                shapes[f"{block}{name}weight"] = [rows * side, columns * side]
                shapes[f"{block}{name}bias"] = [rows * side]
            for norm in ("ln_1", "ln_2"):
                shapes[f"{block}{norm}.weight"] = shapes[f"{block}{norm}.bias"] = [side]
    # The storage of each tensor: "shared" has one for each block.
    storages = {}
    for name in shapes:
        block = name.split("resblocks.")
        key = block[0] + block[1].split(".")[0] if kind == "shared" and len(block) == 2 else name
        storages.setdefault(key, []).append(name)
    entries, members = [], []
    for index, names in enumerate(storages.values()):
        counts = [math.prod(shapes[name]) for name in names]
        for position, name in enumerate(names):
            shape = shapes[name]
            strides = [1, shape[0]] if kind == "transposed" and len(shape) == 2 else None
            entries.append(
                (name, tensor(str(index), shape, strides, offset=sum(counts[:position]), count=sum(counts))))
        members.append((str(index), zeros(4 * sum(counts))))
    torch_file(path, state_dict(entries), members)
