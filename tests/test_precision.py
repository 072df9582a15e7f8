"""Which precision is trained in: offered where the processor has it, refused with one line elsewhere."""

import pytest

from trainable.errors import ConfigError
from trainable.precision import BFLOAT16, CPU_INFO, FLOAT32, check_precision


@pytest.fixture
def cpu_info(tmp_path):
    """A function that writes down a processor as Linux describes it."""

    def write(flags):
        file = tmp_path / "cpuinfo"
        file.write_text(f"processor\t: 0\nmodel name\t: One\nflags\t\t: {flags}\n")
        return file

    return write


@pytest.mark.parametrize("flags", ["fpu avx avx512f avx512_bf16 fma", "fpu avx amx_bf16"])
def test_bfloat16_is_offered_where_the_processor_has_it(cpu_info, flags):
    """AVX-512 and AMX both have products of bfloat16."""
    check_precision(BFLOAT16, cpu_info(flags))


@pytest.mark.parametrize("flags", ["fpu avx avx2 fma", "avx avx512f avx512_bf16x", ""])
def test_bfloat16_is_refused_elsewhere(cpu_info, flags):
    """The line says what is needed."""
    with pytest.raises(ConfigError, match=r"^bfloat16 needs .* AVX512_BF16 or AMX; this machine's has neither$"):
        check_precision(BFLOAT16, cpu_info(flags))


def test_bfloat16_is_refused_where_the_processor_is_not_known(tmp_path):
    """A system that does not describe its processor as Linux does gets float32."""
    with pytest.raises(ConfigError, match="bfloat16 needs"):
        check_precision(BFLOAT16, tmp_path / "missing")


def test_float32_is_always_there(cpu_info):
    """The default needs no particular processor."""
    check_precision(FLOAT32, cpu_info("fpu avx"))


@pytest.mark.parametrize("precision", [FLOAT32, BFLOAT16])
def test_processor_without_avx_is_refused(cpu_info, precision):
    """TensorFlow's import would end the process there, without a word."""
    with pytest.raises(ConfigError, match=f"^{precision} needs a processor with AVX, as TensorFlow does; .* has none"):
        check_precision(precision, cpu_info("fpu sse4_2 avx512_bf16"))


def test_other_processors_than_x86_need_no_avx(tmp_path):
    """ARM's description has no flags, but features."""
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nFeatures\t: fp asimd evtstrm\n")
    check_precision(FLOAT32, file)


def test_unknown_precision_is_refused_with_the_known_ones():
    """The message lists what there is."""
    with pytest.raises(ConfigError, match="one of float32, bfloat16, got 'float8'"):
        check_precision("float8", CPU_INFO)
