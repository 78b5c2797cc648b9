#!/usr/bin/env python3
"""Times zoo against the authors' LeGrad package on the same random weights and picture, and checks that the maps agree.

    make bench-reference            # makes the virtual environment, then runs this
    Tools/bench_reference.py --help

Each case writes a random checkpoint (`zoo bench --write-checkpoint`), converts it, and loads the same file into open_clip.
The two programs then run alternately; the medians of one session are compared. Times do not include text embeddings.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile, time

CASES = [  # name, architecture, tag, pixels, prompts, (f32 target, bf16 target)
    ("ViT-B-16 224, 1 prompt", "ViT-B-16", "laion2b_s34b_b88k", 224, 1, (3.5, 6.5)),
    ("ViT-B-16 224, 8 prompts", "ViT-B-16", "laion2b_s34b_b88k", 224, 8, (12, 22)),
    ("ViT-B-16 448, 1 prompt", "ViT-B-16", "laion2b_s34b_b88k", 448, 1, (4, 8)),
    ("ViT-H-14 224, 1 prompt", "ViT-H-14", "laion2b_s32b_b79k", 224, 1, (4, 8)),
    ("SigLIP B/16 224, 8 prompts", "ViT-B-16-SigLIP", "webli", 224, 8, (25, 45)),
]
PROMPTS = ["a photo of a panda", "a kite", "a teapot", "a bee", "a red car", "a snail", "two dogs", "the sea"]


def worker(arguments):
    """Loads the authors' package once, then answers each line on standard input with the seconds of one run."""
    architecture, checkpoint, picture, size, prompts, tokens_file, maps = arguments
    import numpy as np, torch, open_clip
    from legrad import LeWrapper
    from PIL import Image
    from safetensors.torch import load_file

    torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "2")))
    out, sys.stdout = sys.stdout, sys.stderr
    model = open_clip.create_model(architecture)
    model.load_state_dict(load_file(checkpoint))
    model = LeWrapper(model.eval(), layer_index=0)
    siglip = "SigLIP" in architecture
    mean, std = ((0.5,) * 3,) * 2 if siglip else (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    pixels = np.asarray(Image.open(picture).convert("RGB"), dtype=np.float32) / 255
    image = torch.from_numpy(((pixels - mean) / std).astype(np.float32)).permute(2, 0, 1)[None]
    ids = torch.from_numpy(np.load(tokens_file))
    with torch.no_grad():
        texts = model.encode_text(ids, normalize=True)

    def run():
        if siglip:  # one call a prompt: several would be merged into one map
            return torch.cat([model.compute_legrad(t[None], image, apply_correction=False) for t in texts])
        return model.compute_legrad(texts, image)[0]

    np.save(maps, run().detach().float().numpy().reshape(len(texts), int(size), int(size)))
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        if line.strip() == "bf16":
            with torch.autocast("cpu", dtype=torch.bfloat16):
                run()
        else:
            run()
        print(time.perf_counter() - start, file=out, flush=True)
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=out, flush=True)


def token_ids(architecture, prompts, path):
    import numpy as np
    if "SigLIP" in architecture:
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file("Examples/ViT-Ti-8-SigLIP-emoji/tokenizer.json")
        rows = [tokenizer.encode(p, add_special_tokens=False).ids + [1] for p in prompts]
        ids = np.array([row + [1] * (64 - len(row)) for row in rows])
    else:
        import open_clip
        ids = open_clip.tokenize(prompts).numpy()
    np.save(path, ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--zoo", default=".build/release/zoo")
    parser.add_argument("--runs", type=int, default=5, help="turns that each side takes")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", help="write the figures to this file as well")
    options = parser.parse_args()
    import numpy as np
    from PIL import Image

    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    environment["BENCH_THREADS"] = str(options.threads)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        environment["ZOO_HOME"] = os.path.join(folder, "zoo")

        def zoo(*arguments, **kwargs):
            return subprocess.run([options.zoo, *arguments], env=environment, check=True, capture_output=True, text=True, **kwargs).stdout

        made = {}
        for name, architecture, tag, size, count, targets in CASES:
            if options.only not in name:
                continue
            if architecture not in made:
                made[architecture] = os.path.join(folder, f"{architecture}.safetensors")
                zoo("bench", architecture, "--write-checkpoint", made[architecture])
                extra = ["--tokenizer", "Examples/ViT-Ti-8-SigLIP-emoji"] if "SigLIP" in architecture else []
                zoo("convert", made[architecture], "--as", f"{architecture}:{tag}", "--quiet", *extra)
            picture = os.path.join(folder, f"{size}.png")
            Image.open("Examples/examples/scene1.jpg").convert("RGB").resize((size, size), Image.BICUBIC).save(picture)
            prompts, tokens, maps = PROMPTS[:count], os.path.join(folder, "ids.npy"), os.path.join(folder, "maps.npy")
            token_ids(architecture, prompts, tokens)
            process = subprocess.Popen(
                [sys.executable, __file__, "--worker", architecture, made[architecture], picture, str(size), str(count), tokens, maps],
                env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert process.stdout.readline().strip() == "ready"

            def theirs(kind):
                process.stdin.write(kind + "\n")
                process.stdin.flush()
                return float(process.stdout.readline())

            def ours(precision):
                stage = f"LeGrad official, {count} prompt" + ("" if count == 1 else "s")
                report = json.loads(zoo(
                    "bench", f"{architecture}:{tag}", "--size", str(size), "--prompts", str(count), "--runs", "3", "--only", stage,
                    "--precision", precision, "--threads", str(options.threads), "--json"))
                return report["stages"][-1]["median_ms"] / 1000

            times = {"theirs f32": [], "theirs bf16": [], "ours f32": [], "ours bf16": []}
            for _ in range(options.runs):
                times["ours f32"].append(ours("f32"))
                times["theirs f32"].append(theirs("f32"))
                times["ours bf16"].append(ours("bf16"))
                if architecture == "ViT-B-16":
                    times["theirs bf16"].append(theirs("bf16"))
            process.stdin.close()
            their_memory = int(process.stdout.readline())
            process.wait()

            explain = ["explain", f"{architecture}:{tag}", picture, "--npy", "--no-overlays", "--size", str(size), "--correct", "off", "-o", folder, "--json"]
            for prompt in prompts:
                explain += ["-p", prompt]
            memory = {}
            for precision in ["bf16", "f32"]:
                # From a separate process: a child's peak includes its parent's memory at the time it was started.
                code = "import os, subprocess, sys; r = subprocess.Popen(sys.argv[1:]); print(os.wait4(r.pid, 0)[2].ru_maxrss, file=sys.stderr)"
                run = subprocess.run(
                    [sys.executable, "-c", code, options.zoo, *explain, "--precision", precision, "--threads", str(options.threads)],
                    env=environment, check=True, capture_output=True, text=True)
                report, memory[precision] = json.loads(run.stdout), int(run.stderr.split()[-1]) * 1024
            patch = 14 if "14" in architecture else 16
            reference, worst = np.load(maps), 0
            for index, prompt in enumerate(report["images"][0]["prompts"]):
                raw = np.load(prompt["files"][0])
                worst = max(worst, np.abs(finished(raw, patch, "SigLIP" in architecture) - reference[index]).max())
            middle = {k: statistics.median(v) if v else None for k, v in times.items()}
            results.append(dict(
                name=name, **{k.replace(" ", "_"): v for k, v in middle.items()}, largest_difference=float(worst),
                memory_theirs=their_memory, memory_f32=memory["f32"], memory_bf16=memory["bf16"], targets=targets))
            print(row(results[-1]), flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=1)


def finished(raw, patch, on_grid):
    """The map in pixels, from 0 to 1, postprocessed as by the authors."""
    import torch
    def scale(m):
        return (m - m.min()) / (m.max() - m.min())
    grid = torch.from_numpy(raw)[None, None]
    up = lambda m: torch.nn.functional.interpolate(m, scale_factor=patch, mode="bilinear")
    return (up(scale(grid)) if on_grid else scale(up(grid)))[0, 0].numpy()


def row(r):
    f32, bf16 = r["theirs_f32"] / r["ours_f32"], r["theirs_f32"] / r["ours_bf16"]
    line = (f"{r['name']:28} theirs {r['theirs_f32']:.3f} s  ours f32 {r['ours_f32']:.3f} s = {f32:.1f}x (target {r['targets'][0]})"
            f"  bf16 {r['ours_bf16']:.3f} s = {bf16:.1f}x (target {r['targets'][1]})")
    if r["theirs_bf16"]:
        line += f"  their bf16 {r['theirs_bf16']:.3f} s = {r['theirs_bf16'] / r['ours_bf16']:.1f}x"
    return line + (f"  memory {r['memory_theirs'] / 1e9:.2f} GB, ours {r['memory_f32'] / 1e9:.2f} and {r['memory_bf16'] / 1e9:.2f} GB"
                   f"  maps differ by at most {r['largest_difference']:.1e}")


if __name__ == "__main__":
    worker(sys.argv[2:]) if sys.argv[1:2] == ["--worker"] else main()
