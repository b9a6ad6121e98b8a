"""The C extensions; everything else about the project is in pyproject.toml.

STRESS_DEBUG=1     bounds checks on, no optimisation, the resolver's named kill points in
STRESS_SANITIZE=X  compile and link with -fsanitize=X (address, undefined, thread)
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

PACKAGES = ("_timing", "resolver/cache")
# The shared cache rests on robust mutexes, futexes and pidfds; elsewhere each process has its own.
LINUX_ONLY = ("region", "sections", "shared")

debug = os.environ.get("STRESS_DEBUG") == "1"
sanitizer = os.environ.get("STRESS_SANITIZE")

# What runs once for each request or each sample. The other modules are mostly Cython's memoryview
# support, which takes half as long to compile at -O1 and is no faster at -O3.
HOT = ("lane", "plan", "recording", "histogram", "percentiles", "vectors", "null", "result")
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def compile_args(module):
    """Options for the compiler; the last -O and -g win over those that Python was built with.

    No -march=native (a wheel must run elsewhere) and no -ffast-math (percentile ranks are exact).
    """
    if debug:
        chosen = ["-O0", "-g", "-DRESOLVER_KILL_POINTS"]
    else:
        chosen = ["-O3" if module in (*HOT, *LINUX_ONLY) else "-O1", "-g0"]
    if sanitizer:
        chosen += [f"-fsanitize={sanitizer}", "-fno-omit-frame-pointer", "-g"]
    return chosen


link_args = ["-pthread"]
if sanitizer:
    link_args += [f"-fsanitize={sanitizer}"]


def extensions():
    """One extension for each .pyx file, named after its path."""
    for folder in PACKAGES:
        for source in sorted(Path(folder).glob("*.pyx")):
            if source.stem in LINUX_ONLY and sys.platform != "linux":
                continue
            yield Extension(
                ".".join(source.with_suffix("").parts),
                [str(source)],
                extra_compile_args=compile_args(source.stem),
                extra_link_args=link_args,
                depends=[str(header) for header in sorted(Path(folder).glob("*.h"))],
            )


setup(
    ext_modules=cythonize(
        list(extensions()),
        nthreads=PROCESSORS,
        language_level=3,
        compiler_directives={
            "boundscheck": debug,
            "wraparound": debug,
            "cdivision": True,
            "initializedcheck": debug,
            "embedsignature": True,
        },
    ),
    options={"build_ext": {"parallel": PROCESSORS}},
)
