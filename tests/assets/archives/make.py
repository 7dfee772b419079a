"""Makes the small archives of this folder with PyTorch 2.13: ./executorch make.py FOLDER (with the peers' Python).

tiny.pt2        two methods over one net: a linear layer and the buffer that it adds to, dynamic rows, a constant; everything there twice
flow.pt2        a method for each construct of torch.export that is rare: loops, regions, symbolic arithmetic, views, mutation; deflated
tiny_2.7.pt2    "step" in the layout of torch 2.7: a flat ZIP with pickled weights
tiny_2.8.pt2    "step" in the layout of torch 2.8: pickled weights inside the archive
"""
import io, json, sys, zipfile
import torch
from torch._higher_order_ops.scan import scan
from torch._higher_order_ops.while_loop import while_loop
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


class WhileLoop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l = torch.nn.Linear(3, 3)

    def forward(self, x):
        return while_loop(lambda i, x: i.sum() < 4, lambda i, x: (i + 1, self.l(x)), (torch.zeros(1, dtype=torch.int64), x))


class Scan(torch.nn.Module):
    def forward(self, init, xs):
        return scan(lambda c, x: (c + x, (c + x) * 2), init, xs, dim=0)


class Regions(torch.nn.Module):
    def forward(self, x):
        with torch.no_grad():
            y = x.sin() * 2
        with torch.autocast("cpu", enabled=False):
            z = x.float() @ y.float().t()
        return z + 1


class Dynamic(torch.nn.Module):
    def forward(self, x, n=None, k: int = 3, mode: str = "a"):
        y = x[:, : x.shape[1] // 2]
        p = torch.cat([x, x[:, : max(x.shape[1] - 3, 1)]], 1)
        return y, torch.cat([x, x], 0)[1:].reshape(-1), p, x.shape[0], None, 7, x.shape[0] * 2 + 1, n


class Number(torch.nn.Module):
    def forward(self, x, k):
        return x.new_zeros(k) + x.sum(), x * k


class Mutate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        base = torch.arange(24.0).reshape(4, 6)
        self.register_buffer("total", torch.zeros(2))
        self.register_buffer("whole", base[0])
        self.view = torch.nn.Parameter(base[1:3, ::2])
        self.last = torch.nn.Parameter(torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last))
        self.permuted = torch.nn.Parameter(torch.ones(2, 3, 4).permute(2, 0, 1))
        self.expanded = torch.nn.Parameter(torch.ones(1).expand(3))

    def forward(self, x):
        self.total.add_(x)
        x.mul_(2)
        return self.view.sum() + self.whole.sum() + self.last.sum() + self.permuted.sum() + self.expanded.sum() + x


class Unbacked(torch.nn.Module):
    def forward(self, x):
        n = x.sum().item()
        torch._check(n >= 1)
        torch._check(n <= 8)
        return torch.ones(n) * 2, torch.nonzero(x)


def flow():
    dim = torch.export.Dim
    shapes = {"x": {0: dim.DYNAMIC(min=2, max=9), 1: dim.DYNAMIC(min=4, max=12)}, "n": None, "k": None, "mode": None}
    mutate = torch.export.export(Mutate(), (torch.ones(2),))
    return {
        "while_loop": torch.export.export(WhileLoop(), (torch.ones(2, 3),)),
        "scan": torch.export.export(Scan(), (torch.zeros(3), torch.ones(5, 3))),
        "regions": torch.export.export(Regions(), (torch.ones(2, 2),)),
        "dynamic": torch.export.export(Dynamic(), (torch.ones(4, 6),), {"n": None, "k": 3, "mode": "a"}, dynamic_shapes=shapes),
        "number": torch.export.export(Number(), (torch.ones(4), 5), dynamic_shapes=({0: dim.AUTO}, dim.DYNAMIC)),
        "mutate": mutate,
        "mutate_functional": mutate.run_decompositions(),
        "unbacked": torch.export.export(Unbacked(), (torch.tensor([1, 2, 3]),)),
    }


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
    package_pt2(buffer, exported_programs=flow())
    with zipfile.ZipFile(buffer) as archive, zipfile.ZipFile(f"{folder}/flow.pt2", "w", zipfile.ZIP_DEFLATED) as deflated:
        for name, data in strip({name: archive.read(name) for name in archive.namelist() if "sample_inputs" not in name}).items():
            deflated.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

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
