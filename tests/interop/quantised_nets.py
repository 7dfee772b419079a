"""Makes quantised nets beyond the recorded ones, as cases: what PT2E and torchao write around every operator that a payload computes with codes.

usage: executorch quantised_nets.py VECTORS OUT [name ...]

Each case is OUT/NAME with model.pt2, case.json and io.safetensors, in the form of the recorded vectors; outputs are eager PyTorch's.
The quantised language model of VECTORS/tales comes as a case too.
"""
import json, os, shutil, sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch.export import Dim, export
import executorch.kernels.quantized  # registers the operators


class Net(nn.Module):
    """A function of modules, so that a case is a few lines."""

    def __init__(self, function, **modules):
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, *inputs):
        return self.function(self, *inputs)


def pt2e(net, inputs, dynamic=False, per_channel=True, shapes=None, fold=True):
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=per_channel, is_dynamic=dynamic))
    prepared = prepare_pt2e(export(net, inputs, dynamic_shapes=shapes, strict=True).module(), quantizer)
    for i in range(8):
        prepared(*[x + 0.05 * i for x in inputs])
    return convert_pt2e(prepared, fold_quantize=fold)


def static_then_dynamic(net, inputs):
    """Products whose rows are quantised when called, of what other operators computed with codes."""
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
    quantizer = XNNPACKQuantizer().set_module_type(nn.Linear, get_symmetric_quantization_config(is_per_channel=True, is_dynamic=True))
    quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True))
    prepared = prepare_pt2e(export(net, inputs, strict=True).module(), quantizer)
    for i in range(8):
        prepared(*[x + 0.05 * i for x in inputs])
    return convert_pt2e(prepared)


def torchao(net, config):
    from torchao.quantization import quantize_
    quantize_(net, config, filter_fn=lambda module, name: isinstance(module, nn.Linear))
    return net


def dynamic_config(weight, granularity):
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig
    return Int8DynamicActivationIntxWeightConfig(weight_dtype=weight, weight_granularity=granularity)


def weight_only_config(weight, granularity):
    from torchao.quantization import IntxWeightOnlyConfig
    return IntxWeightOnlyConfig(weight_dtype=weight, granularity=granularity)


def group(size):
    from torchao.quantization.granularity import PerGroup
    return PerGroup(size)


def axis():
    from torchao.quantization.granularity import PerAxis
    return PerAxis(0)


def mlp(*sizes, bias=True):
    return Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Linear(sizes[0], sizes[1], bias=bias), b=nn.Linear(sizes[1], sizes[2], bias=bias))


X2 = lambda: (torch.randn(5, 64),)
X4 = lambda: (torch.randn(1, 4, 12, 10),)

# Of a net whose inputs are a tuple, and of the same net once it was exported.
BATCH = {0: Dim("n", min=1, max=4)}

# name -> (net, inputs, how it is quantised, tolerance)
CASES = {
    "static_conv1d": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Conv1d(4, 8, 3, padding=1), b=nn.Conv1d(8, 6, 5, stride=2)), (torch.randn(2, 4, 20),), pt2e),
    "static_conv_transpose": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Conv2d(4, 6, 3, padding=1), b=nn.ConvTranspose2d(6, 5, 4, stride=2, padding=1)), X4(), pt2e),
    "static_conv_transpose_per_tensor": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Conv2d(4, 6, 3), b=nn.ConvTranspose2d(6, 5, 3, stride=2, output_padding=1)), X4(), lambda n, x: pt2e(n, x, per_channel=False)),
    "static_depthwise_multiplier": lambda: (Net(lambda m, x: m.b(F.hardtanh(m.a(x), 0, 6)), a=nn.Conv2d(4, 12, 3, groups=4), b=nn.Conv2d(12, 5, 1, groups=1)), X4(), pt2e),
    "static_grouped": lambda: (Net(lambda m, x: m.a(x), a=nn.Conv2d(4, 8, 3, groups=2, dilation=2)), X4(), pt2e),
    "static_no_bias": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Linear(64, 48, bias=False), b=nn.Linear(48, 10, bias=False)), X2(), pt2e),
    "static_residual": lambda: (Net(lambda m, x: F.relu(m.b(F.relu(m.a(x))) + m.c(x)), a=nn.Conv2d(4, 8, 3, padding=1), b=nn.Conv2d(8, 8, 3, padding=1), c=nn.Conv2d(4, 8, 1)), X4(), pt2e),
    "static_mul_sub": lambda: (Net(lambda m, x: F.relu(m.a(x) * m.b(x)) + (m.a(x) - m.b(x)), a=nn.Linear(64, 32), b=nn.Linear(64, 32)), X2(), pt2e),
    "static_cat": lambda: (Net(lambda m, x: m.c(torch.cat([F.relu(m.a(x)), F.relu(m.b(x)), x], 1)), a=nn.Conv2d(4, 6, 1), b=nn.Conv2d(4, 3, 1), c=nn.Conv2d(13, 5, 1)), X4(), pt2e),
    "static_moving": lambda: (Net(lambda m, x: m.b(F.max_pool2d(F.relu(m.a(x)), 3, 2, 1).permute(0, 2, 3, 1).reshape(1, -1, 8)[:, 2:7].transpose(1, 2).flatten(1)), a=nn.Conv2d(4, 8, 3, padding=1), b=nn.Linear(40, 7)), X4(), pt2e),
    "static_pad": lambda: (Net(lambda m, x: m.b(F.pad(F.relu(m.a(x)), (1, 2, 0, 1))), a=nn.Conv2d(4, 6, 3), b=nn.Conv2d(6, 4, 3)), X4(), pt2e),
    "static_mean": lambda: (Net(lambda m, x: m.b(m.a(x).mean((2, 3), keepdim=True).flatten(1)), a=nn.Conv2d(4, 6, 3), b=nn.Linear(6, 4)), X4(), pt2e),
    "static_adaptive": lambda: (Net(lambda m, x: m.b(m.p(F.relu(m.a(x))).flatten(1)), a=nn.Conv2d(4, 6, 3), p=nn.AdaptiveAvgPool2d(1), b=nn.Linear(6, 4)), X4(), pt2e),
    "static_float_between": lambda: (Net(lambda m, x: m.b(F.silu(F.gelu(m.a(x)))) + torch.sigmoid(x[:, :9]), a=nn.Linear(64, 48), b=nn.Linear(48, 9)), X2(), pt2e),
    "static_host_between": lambda: (Net(lambda m, x: m.c(torch.cumsum(F.relu(m.a(x)), 1)) + m.b(F.relu(m.a(x))), a=nn.Linear(64, 48), b=nn.Linear(48, 9), c=nn.Linear(48, 9)), X2(), pt2e),
    "static_shared_layer": lambda: (Net(lambda m, x: m.a(torch.cumsum(m.a(x), 1)), a=nn.Linear(64, 64)), X2(), pt2e),
    "static_unfolded": lambda: (mlp(64, 48, 10), X2(), lambda n, x: pt2e(n, x, fold=False)),
    "static_dynamic_batch": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x)).flatten(1)), a=nn.Conv2d(4, 6, 3), b=nn.Linear(480, 7)), (torch.randn(2, 4, 12, 10),), lambda n, x: pt2e(n, x, shapes=((BATCH,),)), (BATCH,)),
    "dynamic_conv": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Conv2d(4, 8, 3, padding=1), b=nn.Conv2d(8, 5, 1, bias=False)), X4(), lambda n, x: pt2e(n, x, dynamic=True)),
    "dynamic_conv_transpose": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1), b=nn.ConvTranspose2d(6, 5, 2, stride=2, bias=False)), X4(), lambda n, x: pt2e(n, x, dynamic=True)),
    "dynamic_depthwise": lambda: (Net(lambda m, x: m.b(F.relu(m.a(x))), a=nn.Conv2d(4, 4, 3, groups=4), b=nn.Conv2d(4, 5, 1)), X4(), lambda n, x: pt2e(n, x, dynamic=True)),
    "dynamic_no_bias": lambda: (mlp(64, 48, 10, bias=False), (torch.randn(2, 3, 64),), lambda n, x: pt2e(n, x, dynamic=True)),
    "dynamic_per_tensor_weight": lambda: (mlp(64, 48, 10), X2(), lambda n, x: pt2e(n, x, dynamic=True, per_channel=False)),
    "dynamic_host_between": lambda: (Net(lambda m, x: m.b(torch.cumsum(m.a(x), 1)) + m.c(x), a=nn.Linear(64, 48), b=nn.Linear(48, 9), c=nn.Linear(64, 9)), X2(), lambda n, x: pt2e(n, x, dynamic=True)),
    "dynamic_shared_layer": lambda: (Net(lambda m, x: m.a(torch.cumsum(m.a(x), 1)), a=nn.Linear(64, 64)), X2(), lambda n, x: pt2e(n, x, dynamic=True)),
    "affine_int4_group64": lambda: (mlp(128, 64, 10), (torch.randn(3, 128),), lambda n, x: torchao(n, dynamic_config(torch.int4, group(64)))),
    "affine_int4_whole_rows": lambda: (mlp(64, 96, 10), X2(), lambda n, x: torchao(n, dynamic_config(torch.int4, axis()))),
    "affine_int4_odd_columns": lambda: (Net(lambda m, x: m.a(x), a=nn.Linear(33, 7)), (torch.randn(3, 33),), lambda n, x: torchao(n, dynamic_config(torch.int4, axis()))),
    "affine_int4_group16": lambda: (Net(lambda m, x: m.a(x), a=nn.Linear(64, 7)), X2(), lambda n, x: torchao(n, dynamic_config(torch.int4, group(16)))),
    "affine_int8_group32": lambda: (Net(lambda m, x: m.a(x), a=nn.Linear(64, 7)), X2(), lambda n, x: torchao(n, dynamic_config(torch.int8, group(32)))),
    "affine_int3": lambda: (Net(lambda m, x: m.a(x), a=nn.Linear(64, 7)), X2(), lambda n, x: torchao(n, dynamic_config(torch.int3, group(32)))),
    "affine_half": lambda: (mlp(64, 64, 10).half(), (torch.randn(3, 64).half(),), lambda n, x: torchao(n, dynamic_config(torch.int4, group(32)))),
    "affine_shared_layer": lambda: (Net(lambda m, x: m.a(torch.cumsum(m.a(x), 1)), a=nn.Linear(64, 64)), X2(), lambda n, x: torchao(n, dynamic_config(torch.int4, group(32)))),
    "weight_only_int8": lambda: (mlp(64, 48, 10), X2(), lambda n, x: torchao(n, weight_only_config(torch.int8, axis()))),
    "weight_only_int4": lambda: (mlp(64, 64, 10), X2(), lambda n, x: torchao(n, weight_only_config(torch.int4, group(32)))),
    "static_numbers": lambda: (Net(lambda m, x: m.b((m.a(x) + 1.5) * 2 * m.k), a=nn.Linear(64, 48), b=nn.Linear(48, 9), k=nn.Parameter(torch.randn(48))), X2(), pt2e),
    "static_twice": lambda: (Net(lambda m, x: torch.cat([m.a(x), F.relu(m.a(x)) + x], 1), a=nn.Linear(64, 64)), X2(), pt2e),
    "static_then_dynamic": lambda: (Net(lambda m, x: m.b(torch.cat([x.sin(), x.cos()], -1) * 2) + m.a(x), a=nn.Linear(64, 9), b=nn.Linear(128, 9)), X2(), static_then_dynamic),
    "mixed_layers": lambda: (Net(lambda m, x: m.c(F.relu(m.b(F.relu(m.a(x))))), a=nn.Linear(64, 48), b=torchao(nn.Sequential(nn.Linear(48, 48)), dynamic_config(torch.int8, axis())), c=nn.Linear(48, 5)), X2(), lambda n, x: n),
}


@torch.no_grad()
def make(name, out):
    torch.manual_seed(20261125)
    net, inputs, quantise, *shapes = CASES[name]()
    net.eval().requires_grad_(False)
    quantised = quantise(net, inputs)
    program = export(quantised, inputs, dynamic_shapes=shapes[0] if shapes else None, strict=False)
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    torch.export.save(program, os.path.join(folder, "model.pt2"))
    result = quantised(*inputs)
    tensors = {f"0.in.{i}": x.contiguous() for i, x in enumerate(inputs)}
    tensors["0.out.0"] = result.contiguous().clone()
    save_file(tensors, os.path.join(folder, "io.safetensors"))
    # Codes that are rounded otherwise may differ by a step; a chain of layers passes a few of them on.
    tolerance = 0.04 * max(1.0, float(result.abs().max()))
    case = dict(name=name, atol=tolerance, rtol=0.02, calls=[dict(method="forward", inputs=[f"0.in.{i}" for i in range(len(inputs))], outputs=["0.out.0"])])
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(case, file)


def tales(vectors, out):
    """The tale, step by step: each step is given the token that eager PyTorch chose."""
    source, folder, prompt = os.path.join(vectors, "tales"), os.path.join(out, "tales_8da4w"), 11
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(os.path.join(source, "tales_8da4w.pt2"), os.path.join(folder, "model.pt2"))
    with open(os.path.join(source, "greedy.json")) as file:
        ids = json.load(file)["eager_8da4w"]["ids"]
    logits, tensors, calls = load_file(os.path.join(source, "io.safetensors"))["eager_8da4w.logits"], {}, []
    for step in range(min(len(logits), len(ids) - prompt + 1)):
        tokens, first = (ids[:prompt], 0) if step == 0 else (ids[prompt + step - 1:prompt + step], prompt + step - 1)
        tensors[f"{step}.in.0"] = torch.tensor([tokens])
        tensors[f"{step}.in.1"] = torch.arange(first, first + len(tokens))
        tensors[f"{step}.out.0"] = logits[step:step + 1].clone()
        calls.append(dict(method="prefill" if step == 0 else "decode", inputs=[f"{step}.in.0", f"{step}.in.1"], outputs=[f"{step}.out.0"]))
    save_file(tensors, os.path.join(folder, "io.safetensors"))
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(dict(name="tales_8da4w", atol=0.35, rtol=0.01, calls=calls), file)


def main(vectors, out, names):
    failed = False
    if not names or "tales_8da4w" in names:
        tales(vectors, out)
    for name in names or CASES:
        if name == "tales_8da4w":
            continue
        try:
            make(name, out)
        except Exception as error:
            failed = True
            print(f"{name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
