"""Makes Tests/Cases/containers: small checkpoints as saved by PyTorch, torch.compile, Lightning, PEFT and h5py, and 8-bit weights with the
numbers that torch reads.

    python Tools/golden/make_containers.py Tests/Cases/containers        (torch, peft, safetensors, numpy, h5py)
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


class Model(torch.nn.Module):
    """Two tensors: 0, 1, 2 and so on, times `factor`."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.proj = torch.nn.Linear(3, 2)
        with torch.no_grad():
            self.proj.weight.copy_(torch.arange(6.0).reshape(2, 3) * factor)
            self.proj.bias.copy_(torch.arange(2.0) * factor)

    def forward(self, x):
        return self.proj(x)


def save(value, name):
    torch.save(value, folder / name)


model, average = Model(), Model(10)
save(AveragedModel(model).state_dict(), "averaged.pt")
save(torch.nn.DataParallel(model).state_dict(), "parallel.pt")
save(torch.compile(model).state_dict(), "compiled.pt")
whole = torch.nn.Module()
whole.visual, whole.text = torch.compile(Model()), Model(2)
save(whole.state_dict(), "compiled_part.pt")
optimizer = torch.optim.AdamW(model.parameters())
model(torch.ones(1, 3)).sum().backward()
optimizer.step()
model = Model()
save(
    {"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
     "loss": torch.tensor(0.3)},
    "tutorial.pt")
save({"model": model.state_dict(), "ema": average.state_dict(), "epoch": 1}, "model_and_ema.pt")
save({"state_dict": {"model": model.state_dict(), "ema": average.state_dict()}}, "nested_model_and_ema.pt")
save({"best": model.state_dict(), "epoch": 1}, "unknown_key.pt")
save({"visual": model.state_dict(), "text": average.state_dict()}, "two_halves.pt")
save(
    {f"{who}.{k}": v for who, m in (("teacher", model), ("student", average)) for k, v in m.state_dict().items()},
    "distillation.pt")
tuned = get_peft_model(Model(), LoraConfig(r=1, target_modules=["proj"]))
save_file({k: v.clone() for k, v in tuned.state_dict().items()}, folder / "peft_unmerged.safetensors")
tuned.save_pretrained(folder / "peft")
(folder / "peft" / "README.md").unlink(missing_ok=True)
with h5py.File(folder / "wrong" / "keras.h5", "w") as file:
    file["kernel"] = np.zeros(2, np.float32)

# 8-bit weights: every byte, and all ways of storing scales.
torch.manual_seed(0)
every = torch.arange(256, dtype=torch.int32).to(torch.uint8)
tensors, expected = {}, {}
kinds = {
    "e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2,
    "e4m3fnuz": torch.float8_e4m3fnuz, "e5m2fnuz": torch.float8_e5m2fnuz,
}
for name, dtype in kinds.items():
    tensors[f"{name}.weight"] = every.view(dtype).reshape(16, 16).clone()
    expected[f"{name}.weight"] = tensors[f"{name}.weight"].float()


def scaled(name, dtype, shape, scale_name, scale, spread):
    weight = torch.randn(shape).to(dtype)
    tensors[f"{name}.weight"], tensors[f"{name}.{scale_name}"] = weight, scale
    expected[f"{name}.weight"] = weight.float() * spread(scale).float()


e4m3, e5m2 = torch.float8_e4m3fn, torch.float8_e5m2
scaled("tensor", e4m3, (4, 6), "weight_scale", torch.tensor(0.37), lambda s: s)
scaled("comfy", e5m2, (4, 6), "scale_weight", torch.tensor([1.7], dtype=torch.bfloat16), lambda s: s)
scaled("rows", e4m3, (4, 6), "weight_scale", torch.rand(4, 1) + 0.1, lambda s: s)
scaled("vector", e4m3, (4, 6), "weight_scale", torch.rand(4) + 0.1, lambda s: s[:, None])
scaled(
    "blocks", e4m3, (130, 140), "weight_scale_inv", torch.rand(2, 2) + 0.1,
    lambda s: s.repeat_interleave(128, 0)[:130].repeat_interleave(128, 1)[:, :140])
tensors["tensor.input_scale"] = torch.tensor(2.0)
tensors["comfy.scale_input"] = torch.tensor(2.0)
tensors["scaled_fp8"] = torch.zeros(2, dtype=e4m3)
tensors["plain"] = torch.tensor([1.0, 2.0])
expected["plain"] = tensors["plain"]
save_file(tensors, folder / "float8.safetensors")
save({k: v for k, v in tensors.items() if k.startswith(("e4m3.", "e5m2.", "rows"))}, "float8.pt")
np.savez(folder / "float8_expected.npz", **{k: v.numpy() for k, v in expected.items()})
save_file(
    {"w.weight": torch.zeros(4, 6, dtype=e4m3), "w.weight_scale": torch.ones(3)}, folder / "float8_odd_scale.safetensors")
