"""The peer's half of "load to first logits, again and again in one process": repeated_load.py PROGRAM.pte, run by ExecuTorch's own Python.

For programs with a method prefill(tokens [1,T], pos [T]). Prints the median of the last loads, when caches and heap are warm.
"""
import sys
import time

import torch
from executorch.runtime import Runtime

PROMPT = [0, 262, 265, 258, 295]
LOADS, MEASURED = 80, 21


def load_to_first_logits(path):
    start = time.perf_counter()
    method = Runtime.get().load_program(path).load_method("prefill")
    float(method.execute([torch.tensor([PROMPT]), torch.arange(len(PROMPT))])[0][0, 0])
    return 1e3 * (time.perf_counter() - start)


times = sorted([load_to_first_logits(sys.argv[1]) for _ in range(LOADS)][-MEASURED:])
print(f"repeated load to first logits {times[MEASURED // 2]:.2f} ms")
