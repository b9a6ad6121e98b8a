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

# No -march=native (a wheel must run elsewhere) and no -ffast-math (percentile ranks are exact).
compile_args = ["-O0", "-g", "-DRESOLVER_KILL_POINTS"] if debug else ["-O3"]
link_args = ["-pthread"]
if sanitizer:
    compile_args += [f"-fsanitize={sanitizer}", "-fno-omit-frame-pointer", "-g"]
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
                extra_compile_args=compile_args,
                extra_link_args=link_args,
                depends=[str(header) for header in sorted(Path(folder).glob("*.h"))],
            )


setup(
    ext_modules=cythonize(
        list(extensions()),
        language_level=3,
        compiler_directives={
            "boundscheck": debug,
            "wraparound": debug,
            "cdivision": True,
            "initializedcheck": debug,
            "embedsignature": True,
        },
    )
)
