"""Runs lowered programs in ExecuTorch's own runtime, one process for all of them, and compares with the recorded outputs of eager PyTorch,
or where ExecuTorch's own program differs from those, with what that one gave.

usage: executorch judge.py PEERS VECTORS LOWERED RESULTS.json

LOWERED holds KIND/CASE.VARIANT.pte; the case is VECTORS/KIND/CASE, or the folder cases/KIND/CASE beside LOWERED. Every program runs in a child of its own, so that one that crashes costs
nothing but itself. RESULTS.json gets one record for each program: kind, case, variant, outcome ("agrees", "lacks", "disagrees", "fails"), detail.
"""
import contextlib, importlib.util, json, os, re, sys, tempfile


def run_program(run, case_dir, program):
    case = json.load(open(os.path.join(case_dir, "case.json")))
    tensors = run.load_file(os.path.join(case_dir, "io.safetensors"))
    loaded, problems, count = run.Program(program), [], 0
    for method, inputs, pattern, outputs in run.calls_of(case, tensors):
        got = [x.clone() if isinstance(x, run.torch.Tensor) else x for x in loaded.call(method, inputs)]
        for j in range(outputs):
            count += 1
            problem = run.compare(got[j], tensors[pattern.format("out", j)], case["atol"], case["rtol"])
            # Where ExecuTorch's kernel itself differs from eager PyTorch, its own program's recorded output is what it can give.
            own = [pattern.format(tag, j) for tag in ("et", "portable", "xnnpack")]
            if problem and not any(name in tensors and not run.compare(got[j], tensors[name], case["atol"], case["rtol"]) for name in own):
                problems.append(f"{method} output {j}: {problem}")
    return problems or ([] if count else ["no outputs"])


def in_child(run, case_dir, program):
    """The outcome of one program, and the operators that the runtime said it lacks."""
    with tempfile.TemporaryFile() as log:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            try:
                answer = run_program(run, case_dir, program)
                answer = ["agrees", ""] if not answer else ["disagrees", "; ".join(answer[:3])]
            except BaseException as error:
                answer = ["fails", f"{type(error).__name__}: {error}"]
            os.write(writer, json.dumps(answer)[:60000].encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            text = pipe.read()
        _, status = os.waitpid(child, 0)
        log.seek(0)
        said = log.read().decode(errors="replace")
    missing = sorted(set(re.findall(r"[Mm]issing operator: (?:\[\d+\] )?(\S+)", said)))
    if not text:
        return "fails", f"the process ended with status {status}: {said[-300:]}", missing
    outcome, detail = json.loads(text)
    if outcome == "fails" and missing:
        return "lacks", ", ".join(missing), missing
    return outcome, detail if outcome != "fails" else f"{detail} {said[-300:]}", missing


def main(peers, vectors, lowered, results):
    spec = importlib.util.spec_from_file_location("peer_run", os.path.join(peers, "run.py"))
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    records = []
    for kind in sorted(os.listdir(lowered)):
        for file in sorted(os.listdir(os.path.join(lowered, kind))):
            case, variant, _ = file.rsplit(".", 2)
            folder = next(f for f in (os.path.join(base, kind, case) for base in (os.path.join(os.path.dirname(lowered), "cases"), vectors)) if os.path.isdir(f))
            outcome, detail, missing = in_child(run, folder, os.path.join(lowered, kind, file))
            records.append(dict(kind=kind, case=case, variant=variant, outcome=outcome, detail=detail, missing=missing))
    with open(results, "w") as file:
        json.dump(records, file, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
