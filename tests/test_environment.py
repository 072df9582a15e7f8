"""What the numbers of a training depend on is found out, and told apart."""

import platform

from commands import ROOT
from test_architecture import imported

from trainable.environment import differences, digest_of, environment_here, processor
from trainable.problems import BUILT_IN, problem_of

SOURCES = problem_of(BUILT_IN).sources
X86 = """processor	: 0
cpu family	: 25
model		: 17
model name	: AMD EPYC 9654 96-Core Processor
stepping	: 1
flags		: fpu vme avx avx2 fma avx512f avx512_bf16 rdrand

processor	: 1
model name	: the second one
flags		: fpu
"""


def test_processor_is_what_linux_says(tmp_path):
    """The name, with the numbers that tell processors of one name apart, and those instructions that matter."""
    file = tmp_path / "cpuinfo"
    file.write_text(X86)
    assert processor(file) == {
        "processor": "AMD EPYC 9654 96-Core Processor, family 25, model 17, stepping 1",
        "instructions": "avx avx2 fma avx512f avx512_bf16",
    }


def test_processor_without_a_name_is_named_by_python(tmp_path):
    """ARM's description has none, and other systems have no description."""
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nFeatures\t: fp asimd sve\n")
    name = platform.processor() or platform.machine()
    assert processor(file) == {"processor": name, "instructions": "asimd sve"}
    assert processor(tmp_path / "none") == {"processor": name, "instructions": ""}


def test_environments_are_told_apart_by_what_differs():
    """The same facts have one digest, and each difference has both values, also where a fact is new."""
    here = environment_here(1, gpu=False, sources=SOURCES)
    assert digest_of(here) == digest_of(dict(reversed(here.items())))
    assert len(digest_of(here)) == 12
    other = environment_here(2, gpu=False, sources=SOURCES)
    assert digest_of(other) != digest_of(here)
    assert differences(here, other) == {"threads": (1, 2)}
    assert differences({"old": 1}, {"new": ""}) == {"old": (1, None), "new": (None, "")}


def test_engine_is_the_source_that_decides_the_numbers():
    """What the engine imports, and its process's settings, count; files, errors and what a problem is called do not."""
    found, left = set(), ["mlp.engine", "mnist.source", "process", "training"]
    while left:
        module = left.pop()
        found.add(module)
        file = ROOT.joinpath("trainable", *module.split(".")).with_suffix(".py")
        left += [name for _, name in imported(file) if name not in found]
    beside = {
        "data.archive", "data.exact", "data.keras_sets", "data.made", "data.making", "data.names", "data.numbers",
        "data.reading", "data.several", "data.source", "data.table", "data.unpickling", "errors", "files", "helper",
        "inputs", "keras_file", "mnist.download", "mnist.spec", "parameter", "problem", "program", "trainer",
        "words",
    }  # fmt: skip
    assert found - beside == set(SOURCES)
