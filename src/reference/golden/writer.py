"""Runs one-node models in ONNX Runtime and writes them as graphs in Shrike's text form."""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

DTYPES = {
    "float32": "f32", "float16": "f16", "float64": "f64", "int64": "i64", "int32": "i32",
    "int16": "i16", "int8": "i8", "uint16": "u16", "uint8": "u8", "bool": "bool",
}
ONNX_TYPES = {name: getattr(TensorProto, t) for name, t in {
    "f32": "FLOAT", "f16": "FLOAT16", "f64": "DOUBLE", "i64": "INT64", "i32": "INT32",
    "i16": "INT16", "i8": "INT8", "u16": "UINT16", "u8": "UINT8", "bool": "BOOL"}.items()}
NUMPY = {short: np.dtype(name) for name, short in DTYPES.items()}


def tensor_text(array):
    """f32[2,2] = [1, 2.5, 3, 4]"""
    array = np.asarray(array)
    kind = DTYPES[array.dtype.name]
    shape = "%s[%s]" % (kind, ",".join(map(str, array.shape)))
    if kind in ("i64", "i32"):
        return "%s = [%s]" % (shape, ",".join(map(str, array.reshape(-1))))
    if kind == "f32" and np.isfinite(array).all():
        return "%s = [%s]" % (shape, ",".join(shortest(x) for x in array.reshape(-1)))
    return '%s = hex"%s"' % (shape, np.ascontiguousarray(array).tobytes().hex())


def shortest(x):
    text = np.format_float_positional(x, unique=True, trim="-")
    return text if len(text) < 14 else np.format_float_scientific(x, unique=True, trim="-")


def attribute_text(name, value):
    if isinstance(value, np.ndarray):
        return "%s=%s" % (name, tensor_text(value).replace(" = ", " "))
    if isinstance(value, (list, tuple)):
        return "%s=[%s]" % (name, ",".join(map(str, value)))
    return "%s=%s" % (name, value)


class Writer:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.cases = []
        self.skipped = []

    def floats(self, *shape, dtype="f32", low=-4.0, high=4.0, step=0.125):
        """Multiples of a power of two: short to write, exact in every float type."""
        count = int((high - low) / step)
        return (low + step * self.rng.integers(0, count + 1, shape)).astype(NUMPY[dtype])

    def ints(self, *shape, dtype="i64", low=-9, high=9):
        if dtype.startswith("u"):
            low = max(low, 0)
        return self.rng.integers(low, high + 1, shape).astype(NUMPY[dtype])

    def values(self, *shape, dtype="f32"):
        if dtype == "bool":
            return self.rng.integers(0, 2, shape).astype(bool)
        return self.floats(*shape, dtype=dtype) if dtype[0] == "f" else self.ints(*shape, dtype=dtype)

    def add(self, op, inputs, outputs=1, opset=21, shrike=None, shrike_attributes=None, **attributes):
        """One node. `shrike_attributes` where the attributes are not ONNX's own."""
        inputs = [None if x is None else np.asarray(x) for x in inputs]
        feeds = {"i%d" % n: x for n, x in enumerate(inputs) if x is not None}
        names = ["i%d" % n if x is not None else "" for n, x in enumerate(inputs)]
        results = ["o%d" % n for n in range(outputs)]
        onnx_attributes = {
            k: onnx.numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v
            for k, v in attributes.items()}
        graph = helper.make_graph(
            [helper.make_node(op, names, results, **onnx_attributes)], "case",
            [helper.make_tensor_value_info(n, ONNX_TYPES[DTYPES[x.dtype.name]], x.shape)
             for n, x in feeds.items()],
            [onnx.ValueInfoProto(name=n) for n in results])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                                  ir_version=10)
        options = ort.SessionOptions()
        options.log_severity_level = 4
        try:
            session = ort.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
            wanted = session.run(None, feeds)
        except Exception as error:  # ONNX Runtime has no kernel for every type
            self.skipped.append("%s: %s" % (op, str(error).splitlines()[0][:150]))
            return
        if op == "Resize":  # Shrike has no region of interest
            del names[1], inputs[1]
        shown = attributes if shrike_attributes is None else shrike_attributes
        self.write(shrike or op, names, inputs, shown, wanted)

    def write(self, op, names, inputs, attributes, wanted):
        lines = ['graph "%s %d"' % (op, len(self.cases))]
        lines += ["const %%%s: %s" % (n, tensor_text(x)) for n, x in zip(names, inputs) if n]
        outputs = ", ".join("%%y%d: ?" % n for n in range(len(wanted)))
        arguments = ", ".join("%" + n if n else "_" for n in names)
        shown = "".join(" " + attribute_text(k, v) for k, v in attributes.items())
        lines.append("%s = %s(%s)%s" % (outputs, op, arguments, shown))
        lines += ["const %%want%d: %s" % (n, tensor_text(x)) for n, x in enumerate(wanted)]
        self.cases.append("\n".join(lines) + "\n")

    def text(self):
        return "".join(self.cases)
