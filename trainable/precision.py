"""The number formats that a network can be trained in, and whether this processor computes in them."""

from pathlib import Path

from trainable.errors import ConfigError

FLOAT32 = "float32"
BFLOAT16 = "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)

# What Linux calls the instructions for bfloat16 products; without them the products are emulated, slower than float32.
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
AVX = "avx"  # TensorFlow's packages for x86 are built for it: without it, the import of TensorFlow ends the process
CPU_INFO = Path("/proc/cpuinfo")


def check_precision(precision: str, cpu_info: Path = CPU_INFO) -> None:
    """Refuse a precision that this machine's processor, as Linux describes it, does not have.

    Raises:
        ConfigError: There is no such precision, or no instructions for it here.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    flags = set(processor_facts(cpu_info).get("flags", "").split())  # of x86: others have no such line
    if flags and AVX not in flags:
        raise ConfigError(
            f"{precision} needs a processor with AVX, as TensorFlow does; this machine's has none "
            "(a virtual machine may be given its host's processor)"
        )
    if precision == BFLOAT16 and not BFLOAT16_FLAGS & flags:
        raise ConfigError("bfloat16 needs a processor with AVX512_BF16 or AMX; this machine's has neither")


def processor_facts(cpu_info: Path) -> dict[str, str]:
    """Return what Linux says of its first processor, under its own names; nothing elsewhere."""
    try:
        first = cpu_info.read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
