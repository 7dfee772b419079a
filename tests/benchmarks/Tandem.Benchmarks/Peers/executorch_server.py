"""ExecuTorch as a contender: executorch_server.py THREADS, run by ExecuTorch's own Python; one request a line on stdin, one answer a line on stdout.

load ID PROGRAM                          -> ok
input ID METHOD TYPE SIZES FILE          -> ok; the next input of a method: raw elements, TYPE f32 or i64, SIZES 1x3x224x224
output ID METHOD FILE                    -> ok; calls once and writes the first output, raw
time ID METHOD CALLS                     -> seconds of a call, the mean
tokens ID METHOD TOKENS POSITION WRAP CALLS -> seconds of a call of METHOD(tokens [1, TOKENS], pos [TOKENS]); each call is a position further, WRAP calls long
logits ID METHOD TOKENS POSITION FILE    -> ok; calls once and writes the first output, raw
first PROGRAM METHOD TOKENS              -> seconds from opening the file to the first element of the first output
unload ID                                -> ok
"""
import os
import sys
import time

# Libraries write to stdout too: answers have a descriptor of their own.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import torch
from executorch.extension.pybindings import portable_lib
from executorch.runtime import Runtime
import executorch.kernels.quantized  # noqa: F401  registers operators

TYPES = {"f32": torch.float32, "i64": torch.int64}
programs, methods, inputs = {}, {}, {}


def method(name, which):
    key = (name, which)
    if key not in methods:
        methods[key] = programs[name].load_method(which)
    return methods[key]


def tokens(count, start):
    return [torch.arange(count).reshape(1, count), torch.arange(start, start + count)]


def write(path, tensor):
    with open(path, "wb") as file:
        file.write(tensor.contiguous().numpy().tobytes())


def answer(verb, *a):
    if verb == "load":
        programs[a[0]] = Runtime.get().load_program(a[1])
    elif verb == "input":
        with open(a[4], "rb") as file:
            data = bytearray(file.read())
        inputs.setdefault((a[0], a[1]), []).append(torch.frombuffer(data, dtype=TYPES[a[2]]).reshape([int(size) for size in a[3].split("x")]))
    elif verb == "output":
        write(a[2], method(a[0], a[1]).execute(inputs[a[0], a[1]])[0])
    elif verb == "time":
        call, values, count = method(a[0], a[1]), inputs[a[0], a[1]], int(a[2])
        start = time.perf_counter()
        for _ in range(count):
            call.execute(values)
        return (time.perf_counter() - start) / count
    elif verb == "tokens":
        call, (width, first, wrap, count) = method(a[0], a[1]), [int(number) for number in a[2:]]
        values = [tokens(width, first + i % wrap) for i in range(count)]
        start = time.perf_counter()
        for value in values:
            call.execute(value)
        return (time.perf_counter() - start) / count
    elif verb == "logits":
        write(a[4], method(a[0], a[1]).execute(tokens(int(a[2]), int(a[3])))[0])
    elif verb == "first":
        start = time.perf_counter()
        loaded = Runtime.get().load_program(a[0]).load_method(a[1])
        float(loaded.execute(tokens(int(a[2]), 0))[0][0, 0])
        return time.perf_counter() - start
    elif verb == "unload":
        for table in (methods, inputs):
            for key in [key for key in table if key[0] == a[0]]:
                del table[key]
        del programs[a[0]]
    else:
        raise ValueError(f"no request '{verb}'")
    return "ok"


# PyTorch copies outputs with threads of its own, which then spin on the cores that ExecuTorch's threads want.
torch.set_num_threads(1)
portable_lib._unsafe_reset_threadpool(int(sys.argv[1]))
answers.write(f"ready {portable_lib._threadpool_get_thread_count()}\n")
for line in sys.stdin:
    try:
        answers.write(f"{answer(*line.split())}\n")
    except Exception as error:  # noqa: BLE001  the peer's process decides what an error means
        answers.write(f"error {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}\n")
