"""Runs a command of `stress` where it is installed: here, or in the repository's .venv."""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"


def importable():
    """Whether this interpreter has stress with everything that it needs."""
    return all(importlib.util.find_spec(name) for name in ("stress", "click", "sqlalchemy"))


def run(command):
    """Become `python -m stress COMMAND …`; its exit code is this script's."""
    python = sys.executable if importable() else str(PYTHON)
    if not Path(python).exists():
        script = Path(sys.argv[0]).name
        print(f"stress: {script}: stress is not installed; run: make run", file=sys.stderr)
        raise SystemExit(2)
    os.execv(python, [python, "-m", "stress", command, *sys.argv[1:]])
