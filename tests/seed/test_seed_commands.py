"""The first document's own commands and snippets work as they are written there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from resolver import TenantResolver
from stress.backend.embedded import EmbeddedBackend

ROOT = Path(__file__).resolve().parents[2]


def script(
    name: str, *arguments: str, python: str = sys.executable, **more: str
) -> tuple[int, str, str]:
    kept = ("DATABASE_URL", "ENCRYPTION_KEY", "STRESS_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(kept)}
    done = subprocess.run(
        [python, f"scripts/{name}", *arguments],
        cwd=ROOT,
        env={**environment, **more},
        capture_output=True,
        text=True,
        timeout=90,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_concurrent_script_runs_the_scenario() -> None:
    code, out, err = script("load_test_concurrent_tenants.py", "--tenants", "3", "--threads", "4")
    assert code == 0, err
    assert " PASS   concurrent" in out


def test_the_main_script_passes_its_options_and_exit_code_on() -> None:
    code, out, err = script("load_test_tenant_cache.py", "--procs", "0")
    assert (code, out) == (2, "")
    assert err.startswith("stress: --procs 0: ")


def test_where_stress_is_not_importable_the_script_uses_the_environment_or_says_so(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "scripts"
    copy.mkdir()
    for name in ("in_environment.py", "load_test_tenant_cache.py"):
        (copy / name).write_text((ROOT / "scripts" / name).read_text())
    bare = [sys.executable, "-I", "-S", "-c"]
    code = (
        f"import sys; sys.path.insert(0, {str(copy)!r}); sys.argv = ['load_test_tenant_cache.py']"
    )
    done = subprocess.run(
        [*bare, f"{code}; import in_environment; in_environment.run('verify')"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "stress: load_test_tenant_cache.py: stress is not installed; run: make run\n"
    )


def test_the_resolver_snippets(backend: EmbeddedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", backend.control_plane_url)
    monkeypatch.setenv("ENCRYPTION_KEY", backend.encryption_key)
    # Increase to 10 minutes
    resolver = TenantResolver(cache_ttl=600)
    assert resolver.resolve("tenant-0001").source == "miss"
    assert resolver.resolve("tenant-0002").expires_in > 590

    stats = resolver.get_cache_stats()
    assert (stats["active_entries"], stats["expired_entries"]) == (2, 0)
    assert stats["ttl"] == 600

    # Invalidate specific tenant
    resolver.invalidate_cache("tenant-0001")
    assert resolver.resolve("tenant-0002").source == "hit"
    assert resolver.resolve("tenant-0001").source == "miss"

    # Invalidate all
    resolver.invalidate_cache()
    assert resolver.resolve("tenant-0002").source == "miss"
    resolver.close()


def test_the_readme_names_only_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    made = set(re.findall(r"^    make (\w+)", readme, re.MULTILINE))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert made
    assert made <= targets


def ci_step() -> tuple[str, list[str]]:
    """The script of the README's step with secrets, and the names of its variables."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    step = lines[lines.index("    - name: Load Test Tenant Cache") :]
    begin = step.index("      run: |") + 1
    end = step.index("      env:")
    names = [found[1] for line in step[end:] if (found := re.match(r" +(\w+): \$\{\{ sec", line))]
    return "\n".join(line.strip() for line in step[begin:end]), names


def ci(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The step as a runner runs it: bash with -e, secrets in the environment."""
    text, names = ci_step()
    assert sorted(names) == sorted(variables)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STRESS_")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=ROOT,
        env={**kept, "CI": "true", "PATH": path, "STRESS_BUDGET": "2s", **variables},
        capture_output=True,
        text=True,
        timeout=90,
    )


def test_the_ci_step_runs_against_the_control_plane_of_its_secrets(
    backend: EmbeddedBackend,
) -> None:
    url = make_url(backend.control_plane_url)
    plain = url.set(drivername="postgres").render_as_string(hide_password=False)
    done = ci({"DATABASE_URL": plain, "ENCRYPTION_KEY": backend.encryption_key})
    assert done.returncode in (0, 99), done.stdout + done.stderr  # 99: the machine was busy
    assert f"{url.host}:{url.port}/{url.database}" in done.stdout
    assert "Verification Checklist" in done.stdout
    for secret in backend.secrets():
        assert secret not in done.stdout + done.stderr


def test_a_ci_step_whose_secrets_are_missing_is_red(backend: EmbeddedBackend) -> None:
    done = ci({"DATABASE_URL": "", "ENCRYPTION_KEY": ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("stress: DATABASE_URL: set but empty; ")
    done = ci({"DATABASE_URL": backend.control_plane_url, "ENCRYPTION_KEY": ""})
    assert done.returncode == 2
    assert done.stderr.startswith("stress: ENCRYPTION_KEY: set but empty; ")
