"""The command `stress` as a shell runs it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def stress(
    *arguments: str | bytes, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run one command line in a folder, in an environment of PATH and the given variables."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        **variables,
    }
    command = [sys.executable, "-m", "stress", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
