"""Make .venv, build and install the project into it; quick when nothing changed.

Usage: python3 scripts/set_up.py [GROUP...]     GROUP: a dependency group (dev, bench)

Standard library only, since it runs before anything is installed. Everything it writes stays in
the repository: the environment in .venv, pip's cache and temporary files in .cache.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
CACHE = ROOT / ".cache"
TEMPORARY = CACHE / "tmp"
PYTHON = ENVIRONMENT / "bin" / "python"
MINIMUM = (3, 11)


def fail(message):
    """One line on standard error, exit code 2."""
    print(f"set-up: {message}", file=sys.stderr)
    raise SystemExit(2)


def check_python():
    """This interpreter's version, its venv module and its headers, in this order."""
    if sys.version_info < MINIMUM:
        fail(f"Python {MINIMUM[0]}.{MINIMUM[1]} or newer is needed; set PYTHON=python3.11 for make")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        import ensurepip
        import venv
    except ImportError:
        fail(f"Python's venv is missing; install the package python{version}-venv")
    del ensurepip, venv
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        fail(f"Python's headers are missing; install the package python{version}-dev")


def find_compiler():
    """True where a C compiler is on the PATH."""
    configured = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "").split()
    names = [*configured[:1], "cc", "gcc", "clang"]
    return any(shutil.which(name) for name in names if name)


def fingerprint():
    """Hash of everything that decides what would be built and installed."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    sources = [ROOT / "pyproject.toml", ROOT / "setup.py"]
    for package in ("_timing", "resolver"):
        for ending in ("*.pyx", "*.pxd", "*.h"):
            sources += sorted((ROOT / package).rglob(ending))
    for source in sources:
        digest.update(f"{source.relative_to(ROOT)}\0".encode() + source.read_bytes())
    return digest.hexdigest()


def built():
    """True where every extension module stands beside its source."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    sources = [*(ROOT / "_timing").rglob("*.pyx"), *(ROOT / "resolver").rglob("*.pyx")]
    return all(source.with_name(source.stem + suffix).exists() for source in sources)


def environment_variables():
    """The environment for pip: cache and temporary files inside the repository."""
    variables = dict(os.environ)
    variables.update(
        PIP_CACHE_DIR=str(CACHE / "pip"),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PYTHONDONTWRITEBYTECODE="",
        TMPDIR=str(TEMPORARY),
    )
    variables.pop("PYTHONPATH", None)
    return variables


def pip(*arguments, variables):
    """Run pip in the environment; its output is shown only when it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        fail("pip could not install; its message stands above")


def dependency_group(name):
    """The requirements of one group of pyproject.toml."""
    import tomllib

    with open(ROOT / "pyproject.toml", "rb") as file:
        groups = tomllib.load(file)["dependency-groups"]
    return groups[name]


def make_environment(variables):
    """Create the environment where it is missing, build the extensions, install the project."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True, env=variables)
    if not find_compiler():
        print("set-up: no C compiler; the ziglang wheel compiles the extensions", file=sys.stderr)
        pip("ziglang", variables=variables)
        compiler = f"{PYTHON} -m ziglang cc"
        variables.update(CC=compiler, LDSHARED=f"{compiler} -shared")
    pip("--config-settings", "editable_mode=compat", "--editable", ".", variables=variables)


def out_of_date(name, wanted):
    """True where the stamp of this part is missing or tells of another state of the sources."""
    stamp = ENVIRONMENT / f"set-up-{name}"
    return not stamp.exists() or stamp.read_text() != wanted


def main():
    """Check, compare the fingerprint, install where something changed."""
    groups = sys.argv[1:]
    check_python()
    wanted = fingerprint()
    parts = [name for name in ("project", *groups) if out_of_date(name, wanted)]
    if not built() and "project" not in parts:
        parts.insert(0, "project")
    if not parts:
        return
    print(f"set-up: building and installing into .venv: {', '.join(parts)} …", file=sys.stderr)
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    TEMPORARY.mkdir(parents=True)
    variables = environment_variables()
    try:
        for part in parts:
            if part == "project":
                make_environment(variables)
            else:
                pip(*dependency_group(part), variables=variables)
            (ENVIRONMENT / f"set-up-{part}").write_text(wanted)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    finally:
        shutil.rmtree(TEMPORARY, ignore_errors=True)


if __name__ == "__main__":
    main()
