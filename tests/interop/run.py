#!/usr/bin/env python3
"""Lowers every recorded archive here and runs the programs in ExecuTorch's own runtime: the table of interoperability, with floors that fail.

usage: tests/interop/run.py [--keep FOLDER] [--no-lowering] [--only TEXT]

Needs the developers' folder 'shared' beside the repository (vectors and peers) and takes some minutes; it is no part of 'dotnet test'. --keep leaves the
programs and results.json in FOLDER; with --no-lowering the programs that lie there are judged again. Exit code 0 if every floor is reached.
"""
import argparse, json, os, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")

# How many programs must agree, of those whose operators ExecuTorch has.
FLOORS = {("nets", "cpu"): 40, ("models", "cpu"): 34, ("models", "portable"): 34, ("ops", "cpu"): 338, ("ops", "portable"): 338}


def lower(folder, cases, only):
    """Quantised nets are made first: what exporters write around each operator that a payload computes with codes."""
    peers, own = os.path.join(SHARED, "peers"), os.path.join(ROOT, "tests", "interop")
    subprocess.run([os.path.join(peers, "executorch"), os.path.join(own, "quantised_nets.py"), os.path.join(SHARED, "vectors"), os.path.join(cases, "nets")], check=True, stdout=sys.stderr)
    command = ["dotnet", "run", "--project", os.path.join(ROOT, "tests", "Tandem.Interop.Tests"), "--", "-class", "*LoweredCaseTests"]
    subprocess.run(command, env=dict(os.environ, TANDEM_LOWERED_FOLDER=folder, TANDEM_CASES_FOLDER=cases), stdout=sys.stderr)
    for kind in os.listdir(folder):
        for file in os.listdir(os.path.join(folder, kind)):
            if only and only not in file:
                os.remove(os.path.join(folder, kind, file))


def judge(folder, results):
    peers = os.path.join(SHARED, "peers")
    judge_script = os.path.join(ROOT, "tests", "interop", "judge.py")
    subprocess.run([os.path.join(peers, "executorch"), judge_script, peers, os.path.join(SHARED, "vectors"), folder, results], check=True, stdout=sys.stderr)


def report(records, only):
    with open(os.path.join(ROOT, "tests", "assets", "executorch-operators.txt")) as file:
        known = {line.split()[0] for line in file if line.strip() and not line.startswith("#")}
    failed = False
    print(f"{'kind':8} {'variant':10} {'programs':>8} {'agree':>6} {'lack':>5} {'disagree':>9} {'fail':>5} {'floor':>6}")
    for kind, variant in sorted({(r["kind"], r["variant"]) for r in records}):
        own = [r for r in records if (r["kind"], r["variant"]) == (kind, variant)]
        # An operator that ExecuTorch has, and does not find, is our mistake.
        for r in own:
            if r["outcome"] == "lacks" and any(name in known for name in r["missing"]):
                r["outcome"] = "fails"
        count = {name: sum(r["outcome"] == name for r in own) for name in ("agrees", "lacks", "disagrees", "fails")}
        floor = FLOORS[kind, variant]
        reached = count["agrees"] + count["lacks"] >= floor
        failed |= not reached and not only
        print(f"{kind:8} {variant:10} {len(own):8} {count['agrees']:6} {count['lacks']:5} {count['disagrees']:9} {count['fails']:5} {floor:6}{'' if reached else '  BELOW THE FLOOR'}")
    for r in records:
        if r["outcome"] != "agrees":
            print(f"  {r['outcome']:9} {r['kind']}/{r['case']} {r['variant']}: {r['detail'][:240]}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep")
    parser.add_argument("--no-lowering", action="store_true")
    parser.add_argument("--only")
    options = parser.parse_args()
    if not os.path.isdir(os.path.join(SHARED, "peers")):
        sys.exit("the folder 'shared' with vectors and peers is not beside the repository")
    with tempfile.TemporaryDirectory() as temporary:
        base = os.path.abspath(options.keep) if options.keep else temporary
        programs, cases, results = os.path.join(base, "programs"), os.path.join(base, "cases"), os.path.join(base, "results.json")
        os.makedirs(programs, exist_ok=True)
        if not options.no_lowering:
            lower(programs, cases, options.only)
        judge(programs, results)
        with open(results) as file:
            return report(json.load(file), options.only)


if __name__ == "__main__":
    sys.exit(main())
