#!/usr/bin/env python3
"""Quantises recorded float archives with 'tandem quantize', lets PyTorch load and ExecuTorch lower what comes out, and runs it in ExecuTorch's own runtime.

usage: tests/interop/quantize.py [--only TEXT] [--keep FOLDER]

For each model and scheme a row: delegates, operators that no delegate took, and the error of the outputs against eager PyTorch's float ones, as the root of the
mean square relative to them. Needs the developers' folder 'shared' beside the repository and takes some minutes; it is no part of 'dotnet test'. Exit code 0 if
every archive loads, lowers without a float layer left over, and is within its bound.
"""
import argparse, json, os, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")

# Model below shared/vectors, scheme, group, greatest relative error: twice what was measured.
RUNS = [
    ("models/mlp", "8da4w", "32", 0.20),
    ("models/mlp", "8da8w", "32", 0.02),
    ("models/mlp_two_methods", "8da4w", "channel", 0.30),
    ("models/transformer_encoder", "8da4w", "32", 0.20),
    ("models/transformer_encoder", "8da8w", "32", 0.03),
    ("tales", "8da4w", "32", 0.10),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only")
    parser.add_argument("--keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or temporary
        os.makedirs(folder, exist_ok=True)
        runs = []
        for model, scheme, group, bound in RUNS:
            if options.only and options.only not in f"{model} {scheme}":
                continue
            source = os.path.join(SHARED, "vectors", model, "tales.pt2" if model == "tales" else "model.pt2")
            archive = os.path.join(folder, f"{model.replace('/', '_')}_{scheme}_{group}.pt2")
            subprocess.run(["dotnet", "run", "--project", os.path.join(ROOT, "host", "Tandem.Cli"), "-c", "Release", "--", "quantize", source, "-o", archive,
                            "--scheme", scheme, "--group", group, "--indivisible", "channel"], check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr)
            runs.append({"model": model, "scheme": f"{scheme} {group}", "archive": archive, "bound": bound})
        results = os.path.join(folder, "runs.json")
        with open(results, "w") as file:
            json.dump(runs, file)
        peers = os.path.join(SHARED, "peers")
        judge = os.path.join(ROOT, "tests", "interop", "judge_quantized.py")
        subprocess.run([os.path.join(peers, "executorch"), judge, peers, os.path.join(SHARED, "vectors"), results], check=True, stdout=sys.stderr)
        with open(results) as file:
            runs = json.load(file)
    print(f"{'model':28} {'scheme':14} {'delegates':>9} {'error':>8} {'bound':>6}  left to the host")
    failed = not runs
    for run in runs:
        good = run.get("error") is not None and run["error"] <= run["bound"] and not run["left"]
        failed |= not good
        print(f"{run['model']:28} {run['scheme']:14} {run.get('delegates', 0):9} {run.get('error') or float('nan'):8.4f} {run['bound']:6.2f}  "
              f"{', '.join(run.get('left', [])) or '-'}{'' if good else '  FAILED ' + run.get('problem', '')[:300]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
