"""Makes Tests/Cases/containers/deflated.pt: a state dict saved by torch, with its archive compressed and tensors that use all possible layouts of
their storages; and deflated_expected.npz, what torch reads.

    python Tools/golden/make_deflated.py Tests/Cases/containers        (torch, numpy)
"""

import sys, zipfile
from pathlib import Path

import numpy as np
import torch

folder = Path(sys.argv[1])
torch.manual_seed(5)
base = torch.randn(6, 5)
fused = torch.randn(9, 4)
state = {
    "plain": torch.randn(7, 3),
    "vector": torch.randn(11),
    "number": torch.tensor(2.5),
    "half": torch.randn(5, 2).half(),
    "ids": torch.arange(12).reshape(4, 3),
    "transposed": base.t(),
    "every.other": torch.randn(8, 6)[::2, 1::2],
    "tail": torch.randn(10, 2)[6:],
    "shared.q": fused[:3],
    "shared.k": fused[3:6],
    "shared.v": fused[6:].t(),
    "repeated": torch.randn(1, 3).expand(4, 3),
    "empty": torch.zeros(0, 3),
}
path = folder / "deflated.pt"
torch.save(state, path)
with zipfile.ZipFile(path) as stored:
    members = [(name, stored.read(name)) for name in stored.namelist()]
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as deflated:
    for name, data in members:
        deflated.writestr(name, data)
read = torch.load(path, weights_only=True)
np.savez(folder / "deflated_expected.npz", **{name: np.array(tensor.float().numpy(), order="C") for name, tensor in read.items()})
