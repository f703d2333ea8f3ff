"""Compiled kernels: late, kept outside the program's folder, compiled again when a kept copy is damaged."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import skillviewer
from skillviewer.media.flow import kernels as kernels_module

if TYPE_CHECKING:
    from skillviewer.core.arrays import Float32Array

PROGRAM = """
import sys
from skillviewer.media.flow import flow
assert "numba" not in sys.modules, "flow must not import numba before it is needed"
flow.dis(*[__import__("numpy").zeros((32, 32), "uint8")] * 2)
assert "numba" not in sys.modules, "DIS needs no kernels"
said = []
flow.warm_up(said.append)
flow.warm_up(said.append)
print(len(said), flow.__file__, *said)
"""


def test_iterate_equals_numpy() -> None:
    """Three inner iterations by the equations, with whole arrays."""
    rng = np.random.default_rng(4)
    h, w, n = 9, 13, 3
    ix, iy, rho = rng.standard_normal((3, h, w)).astype(np.float32)
    start = rng.standard_normal((2, h, w)).astype(np.float32)
    threshold, step, theta = np.float32(0.045), np.float32(0.25 / 0.3), np.float32(0.3)
    inverse = 1 / (ix**2 + iy**2)

    flow = start.astype(np.float64)
    dual = np.zeros((2, 2, h, w))
    for _ in range(n):
        t = np.clip(-(rho + ix * flow[0] + iy * flow[1]) * inverse, -threshold, threshold)
        update = np.empty_like(flow)
        for c, gradient in enumerate((ix, iy)):
            divergence = np.diff(dual[c, 0], axis=1, prepend=0) + np.diff(dual[c, 1], axis=0, prepend=0)
            update[c] = t * gradient + theta * divergence
        flow += update
        for c in (0, 1):
            forward = np.stack([
                np.diff(flow[c], axis=1, append=flow[c][:, -1:]),
                np.diff(flow[c], axis=0, append=flow[c][-1:]),
            ])  # fmt: skip
            dual[c] = (dual[c] + step * forward) / (1 + step * np.hypot(*forward))
    expected_error = (update**2).sum() / (h * w)

    padded = np.zeros((2, h + 1, w + 1), dtype=np.float32)
    padded[:, :h, :w] = start
    u, v = padded.reshape(2, -1)
    duals: Float32Array = np.zeros((4, (h + 1) * (w + 1)), dtype=np.float32)
    done, error = kernels_module.iterate(
        u, v, duals[0], duals[1], duals[2], duals[3], ix.ravel(), iy.ravel(), inverse.ravel(), rho.ravel(),
        np.uint64(h), np.uint64(w), threshold, step, theta, n, np.float32(0),
    )  # fmt: skip
    assert done == n
    assert np.allclose(padded[:, :h, :w], flow, atol=1e-5)
    assert np.allclose(duals.reshape(2, 2, h + 1, w + 1)[:, :, 1:, 1:], dual, atol=1e-5)
    assert error == pytest.approx(expected_error, rel=1e-4)


def test_iterate_stops_when_converged() -> None:
    zeros: Float32Array = np.zeros((10, 6 * 6), dtype=np.float32)
    done, error = kernels_module.iterate(
        *zeros[:6], *(row[:25].copy() for row in zeros[6:]), np.uint64(5), np.uint64(5),
        np.float32(0.045), np.float32(0.8), np.float32(0.3), 30, np.float32(1e-4),
    )  # type: ignore[call-arg]  # fmt: skip
    assert done == 1
    assert error == 0


def run(package: Path, home: Path) -> tuple[int, str]:
    """Start a new Python on a copy of the program; return how often it announced a compilation, and what it said."""
    environment = {**os.environ, "SKILLVIEWER_HOME": str(home), "PYTHONPATH": str(package.parent)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM], cwd=package.parent, env=environment, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    count, file, *said = done.stdout.split(maxsplit=2)
    assert Path(file).is_relative_to(package)
    return int(count), said[0] if said else ""


@pytest.mark.slow
def test_kernels_are_kept_outside_a_read_only_program(tmp_path: Path) -> None:
    source = Path(skillviewer.__file__).parent
    package = tmp_path / "program" / "skillviewer"
    package.mkdir(parents=True)
    for name in ("__init__.py", "__init__.pyi"):
        shutil.copy(source / name, package)
    for part in ("core", "media"):
        shutil.copytree(source / part, package / part, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (package, *(p for p in package.rglob("*") if p.is_dir())):
        folder.chmod(0o555)
    before = sorted(package.rglob("*"))
    home = tmp_path / "home"
    try:
        count, said = run(package, home)
        assert (count, "once" in said) == (1, True)
        kept = [*(home / "cache" / "kernels").rglob("*.nb[ic]")]
        assert len(kept) >= 4  # an index and a copy of each kernel
        assert run(package, home)[0] == 0
        for file in kept:
            file.write_bytes(b"")
        assert run(package, home)[0] == 1  # compiled again, not failed
        assert sorted(package.rglob("*")) == before
    finally:
        for folder in (package, *(p for p in package.rglob("*") if p.is_dir())):
            folder.chmod(0o755)
