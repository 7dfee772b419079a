"""Writes the operator schemas that importing and lowering know: `update-operators.py OUTPUT`, with PyTorch's and ExecuTorch's Python packages on the path.

One line an operator, sorted: its schema as PyTorch prints it, and " => " with the name of its out variant where it has one. Names and types of
parameters, and their defaults, are facts of PyTorch's operator set; archives leave out every argument that equals its default. An out variant takes the same arguments in the same order without
dtype, layout, device and pin_memory where its schema has none, then its outs.
"""
import re
import sys

import executorch.exir  # registers dim_order_ops
import executorch.kernels.quantized  # registers the quantized out variants
import torch
import torch.ao.quantization.fx._decomposed  # registers quantized_decomposed
import torchao.quantization.quant_primitives  # registers torchao

NAMESPACES = ("aten", "dim_order_ops", "quantized_decomposed", "torchao", "llama", "export")
# Kernels of one device, training, sparse and nested tensors, names of dimensions: nothing that an exported inference program holds.
SKIPPED = re.compile(
    r"^aten::(_foreach|_fused|_?sparse|_?cudnn|_?mkldnn|_?miopen|_?nested|_nnpack|_?mps_|fbgemm|_thnn|_cslt|_cufft|_?to_sparse|ccol|crow|q_|qscheme"
    r"|quantized_|_make_|_test|_?segment|_?coalesce|_validate|_autocast|_use_cudnn|_flash|_efficient|_scaled_dot_product_(flash|eff|cudnn|fused)|_triton"
    r"|_transformer|_fw_primal|_dim[IV]|_?indices|_?values|col_indices|row_indices|record_stream|rename|refine_names|align_|special_.*_polynomial|_jagged"
    r"|[A-Z]|set_|requires_grad|retain|_version|data|grad|is_leaf|output_nr|sym_storage|_?resize|_?backward)"
    r"|_backward(\.|$|_)|_jvp|_forward_only|names$|hacked_twin")
# What the memory of an out argument says already.
OPTIONS = ("dtype", "layout", "device", "pin_memory")
WRITTEN = ("quantize_affine", "dequantize_affine", "choose_qparams_affine")


def full(schema):
    return schema.name + ("." + schema.overload_name if schema.overload_name else "")


def inputs(schema, without=()):
    return [str(argument.type) for argument in schema.arguments if not argument.is_out and argument.name not in without]


def results(schema):
    return [argument for argument in schema.arguments if argument.is_out]


def main(path):
    schemas = [s for s in torch._C._jit_get_all_schemas() if s.name.split("::")[0] in NAMESPACES]
    for library, names in (("torchao", WRITTEN), ("dim_order_ops", ("_to_dim_order_copy", "_empty_dim_order", "_clone_dim_order"))):
        for name in names:
            packet = getattr(getattr(torch.ops, library), name)
            schemas += [getattr(packet, overload)._schema for overload in packet.overloads()]
    outs = {}
    for schema in schemas:
        if results(schema):
            outs.setdefault(schema.name, []).append(schema)
    rows = {}
    for schema in schemas:
        text = str(schema)
        if results(schema) or SKIPPED.search(full(schema)) or ("Tensor" not in text and "_assert" not in text) or re.search(r"Dimname|Stream|Storage|[( ]t[\[ )]|Any|str\[\]|__torch__", text):
            continue
        same = [out for out in outs.get(schema.name, []) if inputs(out) in (inputs(schema), inputs(schema, OPTIONS)) and len(results(out)) == max(len(schema.returns), 1)]
        rows[full(schema)] = text + (" => " + full(same[0]) if same else "")
    with open(path, "w", newline="\n") as file:
        file.writelines(rows[name] + "\n" for name in sorted(rows))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
