"""Loads archives that Tandem quantised, lowers them with ExecuTorch to XNNPACK, and runs the programs in ExecuTorch's runtime.

usage: executorch judge_quantized.py PEERS VECTORS RUNS.json

RUNS.json is a list of {"model", "archive"}; each gets "delegates", "left" (quantisation operators and products that stayed outside delegates), "error" or "problem".
"""
import contextlib, importlib.util, io, json, os, sys, traceback
import torch
import torchao  # registers the operators of the archives
from safetensors.torch import load_file


def load_module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tale(run, program, folder):
    with open(os.path.join(folder, "greedy.json")) as file:
        ids = json.load(file)["eager"]["ids"]
    wanted = load_file(os.path.join(folder, "io.safetensors"))["eager.logits"]
    prompt, rows = len(ids) - 110 + 1, []
    for step in range(110):
        first, count = (0, prompt) if step == 0 else (prompt + step - 1, 1)
        inputs = [torch.tensor([ids[first:first + count]]), torch.arange(first, first + count)]
        rows.append(program.call("prefill" if step == 0 else "decode", inputs)[0].clone()[0])
    yield torch.stack(rows), wanted


def recorded(run, program, folder):
    with open(os.path.join(folder, "case.json")) as file:
        case = json.load(file)
    tensors = load_file(os.path.join(folder, "io.safetensors"))
    for method, inputs, pattern, outputs in run.calls_of(case, tensors):
        got = [x.clone() for x in program.call(method, inputs)]
        for j in range(outputs):
            yield got[j], tensors[pattern.format("out", j)]


def main(peers, vectors, path):
    run, lower = load_module("peer_run", os.path.join(peers, "run.py")), load_module("peer_lower", os.path.join(peers, "lower.py"))
    with open(path) as file:
        runs = json.load(file)
    for item in runs:
        try:
            program, said = item["archive"][:-4] + ".executorch.pte", io.StringIO()
            with contextlib.redirect_stdout(said):
                lower.main(item["archive"], program, "xnnpack")
            item["delegates"] = said.getvalue().count("XnnpackBackend")
            item["left"] = sorted({word for word in ("torchao::", "quantized_decomposed::", "aten::linear", "aten::addmm", "aten::mm.") if word in said.getvalue()})
            folder = os.path.join(vectors, item["model"])
            square = total = 0.0
            for got, wanted in (tale if item["model"] == "tales" else recorded)(run, run.Program(program), folder):
                square += (got.double() - wanted.double()).square().sum().item()
                total += wanted.double().square().sum().item()
            item["error"] = (square / total) ** 0.5
        except Exception as error:
            traceback.print_exc()
            item.setdefault("left", [])
            item["problem"] = f"{type(error).__name__}: {error}"
    with open(path, "w") as file:
        json.dump(runs, file)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
