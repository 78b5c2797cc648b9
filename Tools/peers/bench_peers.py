#!/usr/bin/env python3
"""Times zoo's image tower against OpenVINO, ONNX Runtime and PyTorch on the same random weights, and checks that embeddings agree.

    make bench-peers                # makes the virtual environment, then runs this
    Tools/peers/bench_peers.py --help

The weights are zoo's (`zoo bench --write-checkpoint`), read by open_clip; OpenVINO's and ONNX Runtime's models are made from that. Each
measurement is a separate process; all run alternately. Reports a program's smallest median of a round: other work on the machine only adds time.
"""
import argparse, json, os, platform, statistics, subprocess, sys, tempfile, time

PEERS = {"openvino": ["f32", "bf16", "int8"], "onnxruntime": ["f32", "int8"], "pytorch": ["f32", "bf16"]}
CHOICES = ["zoo " + precision for precision in ("f32", "bf16", "int8")] + [
    f"{peer} {precision}" for peer, precisions in PEERS.items() for precision in precisions]
COUNTS = [1, 8]


def processor():
    if os.path.exists("/proc/cpuinfo"):
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def normalised(rows):
    import numpy as np
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def tower(architecture, checkpoint):
    import open_clip, torch
    from safetensors.torch import load_file
    model = open_clip.create_model(architecture)
    model.load_state_dict(load_file(checkpoint))
    return model.visual.eval()


def make(architecture, checkpoint, pixels, folder):
    """The peers' models, made once for all rounds. int8 is calibrated on the pictures themselves, which favours the peers."""
    import numpy as np, onnx, openvino, nncf, torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    visual, pictures = tower(architecture, checkpoint), torch.from_numpy(np.load(pixels))
    with torch.inference_mode():
        traced = torch.jit.trace(visual, pictures[:1], check_trace=False)
    model = openvino.convert_model(traced, example_input=pictures[:1])
    model.reshape([-1, *pictures.shape[1:]])
    openvino.save_model(model, os.path.join(folder, "f32.xml"), compress_to_fp16=False)
    data = nncf.Dataset([picture[None].numpy() for picture in pictures])
    quantised = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(pictures))
    openvino.save_model(quantised, os.path.join(folder, "int8.xml"), compress_to_fp16=False)
    torch.onnx.export(
        visual, (pictures[:1],), os.path.join(folder, "f32.onnx"), input_names=["x"], output_names=["y"],
        dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, dynamo=False)
    quantize_dynamic(os.path.join(folder, "f32.onnx"), os.path.join(folder, "int8.onnx"), weight_type=QuantType.QInt8)


def runner(peer, precision, architecture, checkpoint, folder, threads, count):
    """A function from pixels to embeddings."""
    if peer == "openvino":
        import openvino
        core = openvino.Core()
        model = core.read_model(os.path.join(folder, "int8.xml" if precision == "int8" else "f32.xml"))
        side = model.input(0).partial_shape[2:]
        model.reshape([count, 3, *[s.get_length() for s in side]])
        hint = "f32" if precision == "f32" else "bf16"  # int8: what is not quantised
        compiled = core.compile_model(
            model, "CPU", {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"})
        request = compiled.create_infer_request()
        return lambda x: request.infer({0: x})[0].copy()
    if peer == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(
            os.path.join(folder, f"{precision}.onnx"), options, providers=["CPUExecutionProvider"])
        return lambda x: session.run(None, {"x": x})[0]
    import torch
    torch.set_num_threads(threads)
    visual = tower(architecture, checkpoint)

    def run(x):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            return visual(torch.from_numpy(x)).float().numpy()
    return run


def worker(arguments):
    """Prints the milliseconds per picture for each number of pictures, and writes the embeddings."""
    import numpy as np
    peer, precision, architecture, checkpoint, pixels, folder, threads, runs, target = arguments
    pictures, result = np.load(pixels), {}
    for count in COUNTS:
        run = runner(peer, precision, architecture, checkpoint, folder, int(threads), count)
        embeddings = run(pictures[:count])
        run(pictures[:count])
        times = []
        for _ in range(int(runs)):
            start = time.perf_counter()
            run(pictures[:count])
            times.append(1000 * (time.perf_counter() - start) / count)
        result[count] = statistics.median(times)
    np.save(target, embeddings)
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--zoo", default=".build/release/zoo")
    parser.add_argument("--model", default="ViT-B-16:laion2b_s34b_b88k")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--runs", type=int, default=7, help="runs of each measurement; their median counts")
    parser.add_argument("--only", default="", help="only what contains one of these words, as in zoo,int8")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    parser.add_argument("--json", help="write the figures to this file as well")
    options = parser.parse_args()
    import numpy as np
    from PIL import Image

    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    environment["OMP_NUM_THREADS"] = str(options.threads)
    architecture = options.model.split(":")[0]
    words = [word for word in options.only.split(",") if word]
    chosen = [c for c in CHOICES if not words or any(word in c for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        environment["ZOO_HOME"] = os.path.join(folder, "zoo")
        checkpoint, pixels = os.path.join(folder, "model.safetensors"), os.path.join(folder, "pixels.npy")

        def run(*command):
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}")
            return done.stdout

        run(options.zoo, "bench", options.model, "--write-checkpoint", checkpoint)
        run(options.zoo, "convert", checkpoint, "--as", options.model, "--quiet")
        description = json.loads(run(options.zoo, "show", options.model, "--json"))["preprocessing"]
        side, mean, std = description["size"], description["mean"], description["std"]
        height, width = side
        scene = Image.open("Examples/examples/scene1.jpg").convert("RGB")
        paths, rows = [], []
        for index in range(max(COUNTS)):  # parts of a scene at the model's own size, so that nobody resizes
            part = scene.crop((8 * index, 8 * index, scene.width - 4 * index, scene.height - 4 * index)).resize((width, height), Image.BICUBIC)
            paths.append(os.path.join(folder, f"{index}.png"))
            part.save(paths[-1])
            rows.append(((np.asarray(part, dtype=np.float32) / 255 - mean) / std).astype(np.float32).transpose(2, 0, 1))
        np.save(pixels, np.ascontiguousarray(rows))
        if any(not c.startswith("zoo") for c in chosen):
            run(sys.executable, __file__, "--make", architecture, checkpoint, pixels, folder)

        times = {c: {count: [] for count in COUNTS} for c in chosen}
        embeddings = {}
        for turn in range(options.turns):
            for choice in chosen:
                name, precision = choice.split()
                if name == "zoo":
                    report = json.loads(run(
                        options.zoo, "bench", options.model, "--runs", str(options.runs), "--only", "image tower", "--json",
                        "--precision", precision, "--threads", str(options.threads)))
                    stages = {stage["name"]: stage["median_ms"] for stage in report["stages"]}
                    found = {1: stages["image tower"], 8: stages["image tower, 8 pictures"] / 8}
                    if turn == 0:
                        out = os.path.join(folder, f"out-{precision}")
                        run(options.zoo, "embed", options.model, *paths, "-o", out, "--precision", precision, "--quiet")
                        files = [f for f in sorted(os.listdir(out)) if f.endswith(".npy")]
                        embeddings[choice] = np.load(os.path.join(out, files[0]))
                else:
                    target = os.path.join(folder, "embeddings.npy")
                    found = json.loads(run(
                        sys.executable, __file__, "--worker", name, precision, architecture, checkpoint, pixels, folder,
                        str(options.threads), str(options.runs), target).splitlines()[-1])
                    embeddings[choice] = np.load(target)
                for count in COUNTS:
                    times[choice][count].append(found.get(count) or found[str(count)])
                print(f"turn {turn + 1}  {choice:17}" + "".join(f"  {times[choice][count][-1]:7.1f}" for count in COUNTS), file=sys.stderr)

    reference = next(embeddings[c] for c in ("pytorch f32", "zoo f32", *chosen) if c in embeddings)
    results = []
    print(f"{processor()}, {options.threads} threads, {options.model}, image tower, ms a picture (smallest median of {options.turns} turns)")
    print(f"{'':17}  1 picture            8 pictures           cosine with f32")
    for choice in chosen:
        cosine = float((normalised(embeddings[choice]) * normalised(reference)).sum(1).min())
        best = {count: min(times[choice][count]) for count in COUNTS}
        row = f"{choice:17}"
        precision = choice.split()[1]
        for count in COUNTS:
            own = min(times[f"zoo {precision}"][count]) if f"zoo {precision}" in times else None
            row += f"  {best[count]:7.1f}" + (f" ({best[count] / own:4.2f} of zoo's)" if own else "")
        print(f"{row}  {cosine:.6f}")
        results.append(dict(name=choice, ms={str(c): best[c] for c in COUNTS}, turns={str(c): times[choice][c] for c in COUNTS}, cosine=cosine))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(dict(processor=processor(), threads=options.threads, model=options.model, results=results), file, indent=1)
    bad = [r["name"] for r in results if r["cosine"] < (0.9999 if "f32" in r["name"] else 0.99)]
    if bad:
        sys.exit(f"embeddings differ: {', '.join(bad)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2:])
    elif sys.argv[1:2] == ["--make"]:
        make(*sys.argv[2:])
    else:
        main()
