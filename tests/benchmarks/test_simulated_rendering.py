"""Rendering: only where the extra ``simulate`` and a software rasteriser are installed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.simulated.tasks import HEIGHT_PX, WIDTH_PX, task_named

ROOT = Path(__file__).resolve().parents[2]

pytest.importorskip("mujoco", reason="the extra simulate is not installed", exc_type=ImportError)
pytest.importorskip("metaworld", reason="the extra simulate is not installed", exc_type=ImportError)

BALL = """
import sys
import mujoco
import numpy as np
from benchmarks.simulated.tasks import HEIGHT_PX, WIDTH_PX, task_named

camera = task_named("peg-insert-side-v3").camera
x, y, z = (float(word) for word in sys.argv[2:])
model = mujoco.MjModel.from_xml_string(
    f'<mujoco><worldbody><light pos="0 0 3"/><geom type="sphere" size="0.02" pos="{x} {y} {z}" rgba="1 1 1 1"/>'
    "</worldbody></mujoco>"
)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
eye = mujoco.MjvCamera()
eye.lookat[:] = camera.lookat_m
eye.distance, eye.azimuth, eye.elevation = camera.distance_m, camera.azimuth_deg, camera.elevation_deg
renderer = mujoco.Renderer(model, HEIGHT_PX, WIDTH_PX)
renderer.enable_segmentation_rendering()
renderer.update_scene(data, eye)
np.save(sys.argv[1], renderer.render()[..., 0] >= 0)
"""

CLIP = """
import sys
from pathlib import Path
import numpy as np
from benchmarks.simulated.degrade import ability_of
from benchmarks.simulated.distractor import draw_distractor
from benchmarks.simulated.render import pictures, write_video
from benchmarks.simulated.simulate import simulate
from benchmarks.simulated.tasks import task_named

task = task_named("peg-insert-side-v3")
for name in ("first", "second"):
    rng = np.random.default_rng(1)
    trial = simulate(task, ability_of(0.5, rng), 14, rng)
    write_video(Path(sys.argv[1]) / f"{name}.mp4", pictures(trial, task.camera, draw_distractor(task, 14, rng)))
"""


def run(code: str, *arguments: str) -> None:
    """Run in a process of its own: MuJoCo's libraries warn and hold a context for the life of the process."""
    environment = {**os.environ, "MUJOCO_GL": "osmesa", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode != 0 and "OSMesa" in done.stderr:
        pytest.skip("no software rasteriser (libosmesa6)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("place", [(0.1, 0.5, 0.02), (-0.3, 0.7, 0.1)])
def test_a_ball_is_seen_where_its_centre_is_projected(tmp_path: Path, place: tuple[float, float, float]) -> None:
    run(BALL, str(tmp_path / "seen.npy"), *map(str, place))
    seen = np.load(tmp_path / "seen.npy")
    assert seen.shape == (HEIGHT_PX, WIDTH_PX)
    rows, columns = np.nonzero(seen)
    expected = task_named("peg-insert-side-v3").camera.project(np.array(place))
    np.testing.assert_allclose([columns.mean(), rows.mean()], expected, atol=0.3)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    run(CLIP, str(tmp_path))
    first, second = ((tmp_path / f"{name}.mp4").read_bytes() for name in ("first", "second"))
    assert len(first) > 1000
    assert first == second
