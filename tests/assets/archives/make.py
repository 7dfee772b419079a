"""Makes the small archives of this folder with PyTorch 2.13: ./executorch make.py FOLDER (with the peers' Python).

tiny.pt2        two methods over one net: a linear layer and the buffer that it adds to, dynamic rows, a constant; everything there twice
tiny_2.7.pt2    "step" in the layout of torch 2.7: a flat ZIP with pickled weights
tiny_2.8.pt2    "step" in the layout of torch 2.8: pickled weights inside the archive
"""
import io, json, sys, zipfile
import torch
from torch.export.pt2_archive._package import package_pt2


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.a = torch.nn.Linear(4, 3)
        self.b = torch.nn.Linear(4, 3)
        self.b.weight = self.a.weight
        self.register_buffer("total", torch.zeros(3))
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 4.0]), persistent=False)


class Step(Net):
    def forward(self, x):
        y = self.a(x) * self.scale + torch.tensor([1.0, 2.0, 3.0])
        self.total.add_(y.sum(0))
        return y, self.total.clone()


class Peek(Net):
    def forward(self, x, count: int):
        return self.b(x) + self.total * count


def export(net, args):
    rows = torch.export.Dim("rows", min=1, max=16)
    dims = ({0: rows},) + (None,) * (len(args) - 1)
    return torch.export.export(net, args, dynamic_shapes=dims)


def strip(members):
    for name, data in list(members.items()):
        if "/models/" in name or name == "serialized_exported_program.json":
            program = json.loads(data)
            for node in program["graph_module"]["graph"]["nodes"]:
                node["metadata"].pop("from_node", None)
                node["metadata"].pop("source_fn_stack", None)
            members[name] = json.dumps(program).encode()
    return members


def save(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def write(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)


def main(folder):
    step, peek = export(Step(), (torch.ones(2, 4),)), export(Peek(), (torch.ones(2, 4), 3))
    package_pt2(f"{folder}/tiny.pt2", exported_programs={"step": step, "peek": peek})
    buffer = io.BytesIO()
    torch.export.save(step, buffer)
    with zipfile.ZipFile(io.BytesIO(buffer.getvalue())) as archive:
        model = next(archive.read(name) for name in archive.namelist() if name.endswith("models/model.json"))

    def of(minor):
        program = json.loads(model)
        program["schema_version"]["minor"] = minor
        for node in program["graph_module"]["graph"]["nodes"]:
            node.pop("name", None)
        return json.dumps(program).encode()

    weights = save(dict(step.state_dict))
    constants = save(dict(step.constants))
    write(f"{folder}/tiny_2.7.pt2", strip({
        "version": b"8.7",
        "serialized_exported_program.json": of(7),
        "serialized_state_dict.pt": weights,
        "serialized_constants.pt": constants,
        "serialized_example_inputs.pt": save(step.example_inputs),
    }))
    write(f"{folder}/tiny_2.8.pt2", strip({
        "archive/archive_format": b"pt2",
        "archive/models/model.json": of(8),
        "archive/data/weights/model.pt": weights,
        "archive/data/constants/model.pt": constants,
        "archive/data/sample_inputs/model.pt": save(step.example_inputs),
        "archive/byteorder": b"little",
        "archive/.data/version": b"6\n",
        "archive/archive_version": b"0",
    }))


main(sys.argv[1])
