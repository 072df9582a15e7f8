"""A person's files that are no data for classification: each gives one line that names it, and what is allowed."""

import io
import os
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from trainable.arrays.splits import splits_of
from trainable.data.making import load
from trainable.data.reading import bytes_needed
from trainable.data.source import DataSource
from trainable.errors import DataError, ProgramError
from trainable.program import Program

X = np.arange(24, dtype=np.float64).reshape(12, 2)
Y = np.arange(12) % 2
NEEDED = "expected an .npz file with x_train, y_train; found: "
TABLE = "expected a comma-separated UTF-8 table whose columns have names; found: "


def archive(**arrays):
    """The bytes of an archive of sound arrays, some of them replaced; None leaves one out."""
    stream = io.BytesIO()
    given = {"x_train": X, "y_train": Y} | arrays
    np.savez(stream, **{name: array for name, array in given.items() if array is not None}, allow_pickle=True)
    return stream.getvalue()


def changed(place, value):
    """The features with another value at a place."""
    x = X.copy()
    x[place] = value
    return x


def claimed(shape, elements):
    """An archive whose x_train is said to have another shape than its elements have."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    content = io.BytesIO(archive(x_train=None))
    with zipfile.ZipFile(content, "a") as target:
        target.writestr("x_train.npy", stream.getvalue() + bytes(8 * elements))
    return content.getvalue()


def encrypted():
    """An archive that is marked as encrypted."""
    content = bytearray(archive())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            content[start + offset] |= 1
    return bytes(content)


ARRAYS = {
    "empty": (b"", NEEDED + "File is not a zip file"),
    "no archive": (b"x_train,y_train\n1,2\n", NEEDED + "File is not a zip file"),
    "torn": (archive()[:-100], NEEDED + "File is not a zip file"),
    "encrypted": (encrypted(), NEEDED + "File 'x_train.npy' is encrypted, password required for extraction"),
    "claimed": (
        claimed((10**6, 10**6), 24),
        "x_train: is said to be float64 [1000000, 1000000], but has 192 bytes",
    ),
    "no x": (archive(x_train=None), "has no array x_train; needed are x_train and y_train"),
    "no y": (archive(y_train=None), "has no array y_train; needed are x_train and y_train"),
    "x_val alone": (archive(x_val=X), "has x_val, but no y_val; give both or neither"),
    "y_test alone": (archive(y_test=Y), "has y_test, but no x_test; give both or neither"),
    "lengths": (archive(y_train=Y[:11]), "y_train: has 11 labels for the 12 of x_train"),
    "lengths of val": (archive(x_val=X, y_val=Y[:3]), "y_val: has 3 labels for the 12 of x_val"),
    "no examples": (
        archive(x_train=X[:0]),
        "x_train: has the shape [0, 2]; needed are examples, [n, features] or images",
    ),
    "no features": (
        archive(x_train=X[:, :0]),
        "x_train: has the shape [12, 0]; needed are examples, [n, features] or images",
    ),
    "a number": (
        archive(x_train=np.float64(7)),
        "x_train: has the shape []; needed are examples, [n, features] or images",
    ),
    "no labels": (archive(y_train=Y[:0]), "y_train: has the shape [0]: no labels in it"),
    "other shape": (archive(x_val=X[:, :1], y_val=Y), "x_val: has examples of [1], x_train of [2]"),
    "other kind": (
        archive(x_train=X.astype(np.uint8), x_val=X, y_val=Y),
        "x_val: has floats, x_train uint8; save both in one type",
    ),
    "objects": (
        archive(x_train=X.astype(object)),
        "x_train: holds Python objects, which are not read; save it as an array of numbers",
    ),
    "objects as labels": (
        archive(y_train=np.array(["a", "b"] * 6, dtype=object)),
        "y_train: holds Python objects, which are not read; save it as an array of integers or strings",
    ),
    "NaN": (
        archive(x_train=changed((3, 1), np.nan)),
        "x_train: NaN or infinite values: 1, the first at [3, 1]; replace them",
    ),
    "infinite": (
        archive(x_test=changed((slice(4, 6), 0), -np.inf), y_test=Y),
        "x_test: NaN or infinite values: 2, the first at [4, 0]; replace them",
    ),
    "too large": (
        archive(x_train=changed((5, 0), 1e39)),
        "x_train: values beyond float32's range: 1, the first at [5, 0]; divide them",
    ),
    "too close": (
        archive(x_train=(X + np.array([0, 1e9])).reshape(12, 1, 2)),
        (
            "x_train[:, 0, 1]: float32 cannot tell its values apart, which go from 1000000001.0 to 1000000023.0: "
            "subtract the smallest first, or scale them"
        ),
    ),
    "text": (archive(x_train=X.astype(str)), "x_train: is <U32; features are numbers or booleans"),
    "complex": (archive(x_train=X * 1j), "x_train: is complex128; features are numbers or booleans"),
    "all the same": (
        archive(x_train=np.ones((12, 3))),
        "all training examples are the same; features have to differ between examples",
    ),
    "one class": (archive(y_train=Y * 0), "y_train: every label is '0'; at least two classes are needed"),
    "two lines": (
        archive(y_train=np.array(["red", "blue"] * 5 + ["red", "sea\ngreen"])),
        "y_train: has the label 'sea\\ngreen'; a label is a text without control characters",
    ),
    "few of a class": (
        archive(y_train=np.array(["red", "blue"] * 5 + ["green", "green"])),
        "y_train: the class 'green' has too few examples, 2; 3 are needed, one for each of train, test, val",
    ),
    "strange label": (
        archive(x_val=X, y_val=Y + 1),
        "y_val: has the label '2', which y_train lacks",
    ),
    "fractions": (
        archive(y_train=Y + 0.5),
        "y_train: holds 0.5 at [0]; labels are whole numbers, booleans or strings: this tool classifies",
    ),
    "complex labels": (archive(y_train=Y * 1j), "y_train: is complex128; labels are integers, booleans or strings"),
    "labels of images": (
        archive(y_train=np.zeros((12, 2, 2), int)),
        "y_train: has the shape [12, 2, 2]; labels are [n], [n, 1] or one-hot [n, classes]",
    ),
    "not one-hot": (
        archive(y_train=np.eye(2)[Y] * 0.5),
        "y_train: has the shape [12, 2], but row 0 is not one-hot: one 1, and 0 elsewhere",
    ),
    "bytes": (
        archive(y_train=np.array([b"\xff", b"a"] * 6)),
        "y_train: has bytes that are no UTF-8; save the labels as strings",
    ),
    "many classes": (
        archive(x_train=np.arange(20_002), y_train=np.arange(20_002) // 2),
        "y_train: has 10,001 different labels; at most 10,000 are allowed",
    ),
    "long label": (
        archive(y_train=np.array(["a", "b" * 301])[Y]),
        f"y_train: has the label '{'b' * 57}...' of 301 characters; at most 300 are allowed",
    ),
}

COLUMNS = "a,b,label\n"
ROWS = "1,2.5,x\n3,4.5,y\n" * 6
TABLES = {
    "empty": ("", TABLE + "nothing in it"),
    "header only": (COLUMNS, "has names of columns, but no rows"),
    "semicolons": (
        "a;b;label\n1;2;x\n",
        TABLE + "columns separated by ';'; save it with commas, and points in numbers",
    ),
    "tabs": ("a\tlabel\n1\tx\n", TABLE + "columns separated by '\\t'; save it with commas, and points in numbers"),
    "no target": ("a,b,c\n1,2,3\n", "has no column 'label' for --target; the columns are a, b, c"),
    "many columns": (
        ",".join("abcdefghij") + "\n",
        "has no column 'label' for --target; the columns are a, b, c, d, e, f, g, h and 2 more",
    ),
    "target alone": ("label\nx\ny\n", "has no column but 'label': the others are the features"),
    "blank lines": ("\n\n", TABLE + "nothing in it"),
    "mark only": ("\ufeff", TABLE + "nothing in it"),
    "open quote": (COLUMNS + '1,2,"x\n' + ROWS, TABLE + "EOF inside string starting at row 1"),
    "twice": ("a,a,label\n1,2,x\n", "two columns are named 'a'; rename one"),
    "index": (
        ",a,label\n0,1,x\n",
        "column 1 has no name; if it numbers the rows, leave it out (pandas: to_csv(FILE, index=False)), else name it",
    ),
    "old index": (
        "Unnamed: 0,a,label\n0,1,x\n",
        "column 1 has no name; if it numbers the rows, leave it out (pandas: to_csv(FILE, index=False)), else name it",
    ),
    "long row": (COLUMNS + ROWS + "1,2,x,9\n", TABLE + "Expected 3 fields in line 14, saw 4"),
    "long rows": (
        COLUMNS + ROWS.replace("\n", ",9\n"),
        TABLE + "rows of more fields than there are names",
    ),
    "latin-1": ("a,b,label\n1,2,\xe9\n".encode("latin-1"), TABLE + "no UTF-8 at byte 14"),
    "utf-16": ((COLUMNS + ROWS).encode("utf-16"), TABLE + "no UTF-8 at byte 0"),
    "missing": (
        COLUMNS + ROWS + "7,,x\n8,NA,y\n",
        "column 'b': has no value in 2 of 14 rows, the first is row 13; fill them in, or leave them out",
    ),
    "short row": (
        COLUMNS + ROWS + "7,8\n",
        "column 'label': has no value in 1 of 13 rows, the first is row 13; fill them in, or leave them out",
    ),
    "text": (
        COLUMNS + ROWS + "7,many,x\n",
        (
            "column 'b': holds 'many' in row 13, which is no number; mend such values, or leave the column out; "
            "of a few categories make columns of 0 and 1 (pandas: get_dummies)"
        ),
    ),
    "a name of two lines": (
        '"a\nb",label\nsome,x\n1,y\n',
        (
            "column 'a\\nb': holds 'some' in row 1, which is no number; mend such values, or leave the column "
            "out; of a few categories make columns of 0 and 1 (pandas: get_dummies)"
        ),
    ),
    "infinite": (
        COLUMNS + ROWS + "inf,1,x\n",
        "column 'a': NaN or infinite values: 1, the first in row 13; replace them",
    ),
    "too close": (
        "a,label\n16777217.0,x\n16777218.0,y\n16777219.0,x\n",
        (
            "column 'a': float32 cannot tell its values apart, which go from 16777217.0 to 16777219.0: "
            "subtract the smallest first, or scale them"
        ),
    ),
    "long name": (
        f"{'a' * 301},label\n1,x\n2,y\n",
        f"has the column '{'a' * 57}...' of 301 characters; at most 300 are allowed",
    ),
    "sentences as labels": (
        COLUMNS + ROWS + f"1,2,{'z' * 10_000}\n",
        f"column 'label': has the label '{'z' * 57}...' of 10,000 characters; at most 300 are allowed",
    ),
    "quantity": ("a,label\n1,2.5\n2,3.5\n", "column 'label': holds 2.5: looks like a quantity; this tool classifies"),
    "constant target": ("a,label\n1,x\n2,x\n", "column 'label': every label is 'x'; at least two classes are needed"),
    "constant features": (
        "a,label\n" + "1,x\n1,y\n" * 6,
        "all training examples are the same; features have to differ between examples",
    ),
    "few of a class": (
        COLUMNS + ROWS + "1,2,z\n",
        "column 'label': the class 'z' has too few examples, 1; 3 are needed, one for each of train, test, val",
    ),
}


def refusal(source):
    """The line with which a source is refused."""
    with pytest.raises(DataError) as caught:
        splits_of(source)
    return str(caught.value)


@pytest.mark.parametrize(("content", "line"), ARRAYS.values(), ids=ARRAYS)
def test_archive_that_is_no_data_is_one_line(content, line, tmp_path):
    """The line begins with the file, names the array, and says what is allowed."""
    file = tmp_path / "mine.npz"
    file.write_bytes(content)
    assert refusal(DataSource(str(file))) == (f"{file}{line}" if line.startswith("[") else f"{file}: {line}")


@pytest.mark.parametrize(("content", "line"), TABLES.values(), ids=TABLES)
def test_table_that_is_no_data_is_one_line(content, line, tmp_path):
    """The line begins with the file, names the column, and says what is allowed."""
    file = tmp_path / "mine.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert refusal(DataSource(str(file), "label")) == f"{file}: {line}"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"a": pd.to_datetime(["2024-01-01", "2024-01-02"])}, "column 'a': holds dates; make numbers of them"),
        ({"a": ["2024-01-01", "x"]}, "column 'a': holds '2024-01-01' in row 1, which is no number"),
        ({"a": [1, None]}, "column 'a': has no value in 1 of 2 rows, the first is row 2"),
        ({"a": pd.array([True, None], "boolean")}, "column 'a': has no value in 1 of 2 rows, the first is row 2"),
        ({"a": [[1], [2]]}, r"column 'a': holds '\[1\]' in row 1, which is no number"),
        (
            {"a": [1, 2], "label": [[1], [2]]},
            r"column 'label': holds '\[1\]'; labels are integers, booleans or strings",
        ),
    ],
)
def test_column_of_another_type_is_named(columns, line, tmp_path):
    """What a Parquet file may hold beside numbers is refused by the column's name."""
    file = tmp_path / "mine.parquet"
    pd.DataFrame({"label": ["x", "y"]} | columns).to_parquet(file)
    with pytest.raises(DataError, match=f"mine.parquet: {line}"):
        splits_of(DataSource(str(file), "label"))


@pytest.mark.parametrize("name", ["mine.npz", "mine.csv", "mine.parquet"])
@pytest.mark.parametrize("kind", ["nothing", "folder", "pipe", "link to nothing", "no permission"])
def test_what_is_no_file_is_one_line(name, kind, tmp_path):
    """Nothing is waited for, and the line says what is there."""
    file = tmp_path / name
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "link to nothing":
        file.symlink_to(tmp_path / "gone")
    elif kind == "no permission":
        file.write_bytes(b"x")
        file.chmod(0)
    reason = {"folder": "a folder, device or pipe", "pipe": "a folder, device or pipe"}
    reason |= {"no permission": "Permission denied"}
    was = os.geteuid()
    if was == 0 and kind == "no permission":
        os.seteuid(65534)
    try:
        for look in (splits_of, bytes_needed):
            with pytest.raises(DataError) as caught:
                look(DataSource(str(file), None if name == "mine.npz" else "label"))
            said = str(caught.value)
            assert said.startswith(f"{file}: expected ")
            assert said.endswith(f"; found: {reason.get(kind, 'No such file or directory')}")
    finally:
        os.seteuid(was)


@pytest.mark.parametrize(
    ("location", "target", "line"),
    [
        ("mine.txt", None, "mine.txt: must be a file whose name ends in .npz, .csv, .parquet or .py, or keras:NAME"),
        (
            "mine\n.txt",
            None,
            "mine\\n.txt: must be a file whose name ends in .npz, .csv, .parquet or .py, or keras:NAME",
        ),
        ("mine.npz", "y", "mine.npz: --target is for tables; an .npz file has its labels in y_train"),
        ("mine.py", "y", "mine.py: --target is for tables; what load() returns has its labels in y_train"),
        ("keras:cifar10", "y", "keras:cifar10: --target is for tables; Keras's data sets have their labels in y_train"),
    ],
)
def test_name_that_cannot_be_data_is_one_line(location, target, line):
    """What is asked for is looked at before any file is."""
    assert refusal(DataSource(location, target)) == line


def test_table_without_a_target_lists_its_columns(tmp_path):
    """A person sees what there is to choose from."""
    file = tmp_path / "mine.csv"
    file.write_text(COLUMNS + ROWS)
    line = "name the column of labels with --target; the columns are a, b, label"
    assert refusal(DataSource(str(file))) == f"{file}: {line}"


@pytest.mark.parametrize("content", [b"", b"PAR1 torn PAR1", b"a,b\n1,2\n"])
def test_file_that_is_no_parquet_is_one_line(content, tmp_path):
    """Whatever pyarrow raises, the line names the file."""
    file = tmp_path / "mine.parquet"
    file.write_bytes(content)
    said = refusal(DataSource(str(file), "label"))
    assert said.startswith(f"{file}: expected a .parquet file whose columns have names; found: ")
    assert "\n" not in said


def test_bomb_is_known_before_it_is_read(tmp_path):
    """A small archive of a large array says how large it is; nothing of it is unpacked for that."""
    file = tmp_path / "mine.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, shape in (("x_train", (4000, 10_000)), ("y_train", (4000,))):
            stream = io.BytesIO()
            np.save(stream, np.zeros(shape, np.uint8))
            target.writestr(f"{name}.npy", stream.getvalue())
    assert file.stat().st_size < 100_000
    assert bytes_needed(DataSource(str(file))) == 2 * (4000 * 10_000 + 4000)


IMPORTS = "import numpy as np\nimport sys\n"
GOOD = "x, y = np.arange(24.).reshape(12, 2), [0, 1] * 6\n"
FORM = (
    "needed is a mapping with x_train and y_train, and x_val, y_val, x_test, y_test where there are any, or "
    "((x_train, y_train), (x_test, y_test))"
)
LISTS = "holds lists or arrays of different lengths; of several inputs make a mapping of arrays by their names"
OBJECTS = "holds Python objects, which are not read; make it an array of numbers or strings"
CODE = {  # what follows the two lines of imports and the one of good arrays
    "exception": ("raise ValueError('a\\nb')", "line 4: ValueError: a"),
    "name": ("x = unknown", "line 4: NameError: name 'unknown' is not defined"),
    "package": ("import no_such_package", "line 4: ModuleNotFoundError: No module named 'no_such_package'"),
    "exit": ("sys.exit()", "line 4: ends the process"),
    "no load": ("", f"has no function load(); it returns the data: {FORM}"),
    "load is none": ("load = 7", f"has no function load(); it returns the data: {FORM}"),
    "arguments": (
        "def load(what):\n    return what",
        "load: TypeError: load() missing 1 required positional argument: 'what'",
    ),
    "exception in load": ("def load():\n    return x[100]", "load: line 5: IndexError"),
    "exit in load": ("def load():\n    sys.exit(0)", "load: line 5: ends the process"),
    "endless": ("def load():\n    return load()", "load: line 5: RecursionError: maximum recursion depth exceeded"),
    "nothing": ("def load():\n    x", f"load(): returned nothing; {FORM}"),
    "a pair": ("def load():\n    return x, y", f"load(): returned a tuple of 2; {FORM}"),
    "a generator": ("def load():\n    yield x", f"load(): returned builtins.generator; {FORM}"),
    "labels as a mapping": (
        "def load():\n    return {'x_train': x, 'y_train': {'a': y}}",
        "load(): y_train: is a mapping; labels are one array",
    ),
    "no inputs": (
        "def load():\n    return {'x_train': {}, 'y_train': y}",
        "load(): x_train: is an empty mapping; needed is an array of each input by its name",
    ),
    "name of an input": (
        "def load():\n    return {'x_train': {'a/b': x}, 'y_train': y}",
        "load(): x_train: has the input 'a/b'; an input is called by a name without '/'",
    ),
    "number of an input": (
        "def load():\n    return {'x_train': {0: x}, 'y_train': y}",
        "load(): x_train: has the input 0; an input is called by a name without '/'",
    ),
    "objects": (
        "def load():\n    return {'x_train': {'a': [None] * 12}, 'y_train': y}",
        f"load(): x_train/a: {OBJECTS}",
    ),
    "pickled": (
        "def load():\n    np.save('p.npy', np.array([None]))\n    return {'x_train': np.load('p.npy'), 'y_train': y}",
        "load: line 6: ValueError: Object arrays cannot be loaded when allow_pickle=False",
    ),
    "lists": ("def load():\n    return {'x_train': [[1], [2, 3]], 'y_train': y}", f"load(): x_train: {LISTS}"),
    "objects of arrays": (
        "def load():\n    return {'x_train': np.array([x, x[:1], None], object), 'y_train': y}",
        f"load(): x_train: {LISTS}",
    ),
    "shapes": (
        "def load():\n    return {'x_train': [x, x[:1]], 'y_train': y}",
        "load(): x_train: holds arrays of different shapes; of several inputs make a mapping of arrays by their names",
    ),
    "types": (
        "def load():\n    return {'x_train': x, 'y_train': ['a', 1] * 6}",
        "load(): y_train: holds values of different types, such as 1; make them one type",
    ),
    "not exact": (
        "def load():\n    return {'x_train': [2**60 + 1, 0.5], 'y_train': y}",
        "load(): x_train: holds values of different types, such as 1152921504606846977; make them one type",
    ),
    "a set": (
        "def load():\n    return {'x_train': {1.0}, 'y_train': y}",
        "load(): x_train: is a builtins.set; needed is an array",
    ),
    "records": (
        "def load():\n    return {'x_train': np.zeros(12, [('a', int)]), 'y_train': y}",
        "load(): x_train: is [('a', '<i8')]; needed are numbers, booleans or strings",
    ),
    "masked": (
        "def load():\n    return {'x_train': np.ma.masked_equal(x, 3), 'y_train': y}",
        "load(): x_train: has masked values; fill them in",
    ),
}


@pytest.mark.parametrize(("code", "line"), CODE.values(), ids=CODE)
def test_code_that_makes_no_data_is_one_line(code, line, tmp_path, monkeypatch):
    """The line begins with the file, and names the line of it where that is known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises((DataError, ProgramError)) as caught:
        load(Program("mine.py", f"{IMPORTS}{GOOD}{code}\n"))
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"mine.py: {line}")


PROCESSES = {
    "syntax": ("def load(:\n", "line 1: SyntaxError: invalid syntax"),
    "exception": ("def load():\n    print('error: no')\n    return 1 / 0\n", "load: line 3: ZeroDivisionError: "),
    "status": ("import os\ndef load():\n    os._exit(0)\n", "load(): its process ended with status 0"),
    "signal": (
        "import os\ndef load():\n    print('last words', flush=True)\n    os.kill(os.getpid(), 9)\n",
        "load(): its process ended by signal 9: last words",
    ),
    "no x": ("def load():\n    return {'y_train': [0, 1]}\n", "has no array x_train; needed are x_train and y_train"),
    "half": (
        "def load():\n    return {'x_train': [0, 1], 'y_train': [0, 1], 'x_val': [2]}\n",
        "has x_val, but no y_val; give both or neither",
    ),
    "lengths": (
        "def load():\n    return {'x_train': [0., 1.], 'y_train': [0, 1, 1]}\n",
        "y_train: has 3 labels for the 2 of x_train",
    ),
    "several inputs": (
        "def load():\n    return {'x_train': {'a': [1], 'b': [2]}, 'y_train': [0]}\n",
        (
            "x_train: has several inputs (a, b); the built-in network takes one array; --model FILE.py names a network "
            "of yours that takes them"
        ),
    ),
}


@pytest.mark.parametrize(("code", "line"), PROCESSES.values(), ids=PROCESSES)
def test_process_that_makes_no_data_is_one_line(code, line, tmp_path):
    """However it ends, and whatever it prints before."""
    file = tmp_path / "mine.py"
    file.write_text(code)
    assert refusal(DataSource(str(file))).startswith(f"{file}: {line}")


@pytest.mark.parametrize(("kind", "line"), [("nothing", "there is no such file"), ("folder", "is no file")])
def test_what_is_no_program_is_one_line(kind, line, tmp_path):
    """No process is started for it."""
    file = tmp_path / "mine.py"
    if kind == "folder":
        file.mkdir()
    assert refusal(DataSource(str(file))) == f"{file}: {line}"
