"""Pictures of a trial, and their file."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import mujoco
import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated.distractor import Distractor
from benchmarks.simulated.simulate import Trial
from benchmarks.simulated.tasks import ARM, CRF, HAND, HEIGHT_PX, RATE_HZ, WIDTH_PX, Camera
from skillviewer.core.arrays import RGBImage

SHADOW_PX = 1024
SAMPLES = 4
SKY = (198, 206, 212)
"""Colour behind everything, RGB."""

_SHAPES = {
    "ball": (mujoco.mjtGeom.mjGEOM_SPHERE, (1.0, 1.0, 1.0)),
    "cube": (mujoco.mjtGeom.mjGEOM_BOX, (0.85, 0.85, 0.85)),
    "disc": (mujoco.mjtGeom.mjGEOM_CYLINDER, (1.0, 0.45, 0.45)),
}


def _add(scene: mujoco.MjvScene, distractor: Distractor, frame: int) -> None:
    """Put the distractor into a scene; it touches nothing."""
    kind, proportions = _SHAPES[distractor.shape]
    geom = scene.geoms[scene.ngeom]
    turn = 0.02 * frame
    attitude = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    mujoco.mjv_initGeom(
        geom,
        kind,
        distractor.size_m * np.array(proportions),
        distractor.path_m[frame],
        attitude.ravel(),
        np.array([*distractor.rgb, 1.0], dtype=np.float32),
    )
    geom.category = mujoco.mjtCatBit.mjCAT_DYNAMIC
    geom.specular, geom.shininess = 0.3, 0.5
    scene.ngeom += 1


def _paint_sky(model: mujoco.MjModel) -> None:
    """Give the background one light colour."""
    for i in np.flatnonzero(model.tex_type == mujoco.mjtTexture.mjTEXTURE_SKYBOX):
        start, channels = model.tex_adr[i], model.tex_nchannel[i]
        n_pixels = model.tex_width[i] * model.tex_height[i]
        model.tex_data[start : start + n_pixels * channels] = np.tile(np.resize(SKY, channels), n_pixels)


_PARTS = {"right_arm_base_link": ARM, "right_l5": HAND}
"""Bodies where the parts begin, in the order of the links."""


def part_marks(model: mujoco.MjModel) -> NDArray[np.uint8]:
    """Return the mark of every geom: that of the part, from its first body to the claws."""
    of_body = np.zeros(model.nbody, np.uint8)
    for body in range(model.nbody):  # bodies are numbered after their parents
        of_body[body] = _PARTS.get(model.body(body).name, of_body[model.body_parentid[body]])
    return np.asarray(of_body[model.geom_bodyid], np.uint8)


def _paint_arm(model: mujoco.MjModel, rgb: tuple[float, float, float]) -> None:
    """Give the arm, from its base to the claws, one colour."""
    for geom in np.flatnonzero((part_marks(model) > 0) & (model.geom_rgba[:, 3] > 0)):
        model.geom_matid[geom] = -1
        model.geom_rgba[geom, :3] = rgb


def _shown_parts(renderer: mujoco.Renderer, marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (height, width) the marks of the pixels of the scene that was rendered last, from those of its geoms."""
    renderer.enable_segmentation_rendering()
    ids, kinds = np.moveaxis(renderer.render(), 2, 0)
    renderer.disable_segmentation_rendering()
    return np.where(kinds == int(mujoco.mjtObj.mjOBJ_GEOM), marks[ids], 0).astype(np.uint8)


def fast_renderer(trial: Trial, size_px: tuple[int, int]) -> mujoco.Renderer:
    """Return a renderer for all trials of a task, without shadows, mirrors and smoothed edges.

    These take nine tenths of the time of a small picture.
    """
    model = trial.environment.model
    model.vis.quality.offsamples = 0
    _paint_sky(model)
    return mujoco.Renderer(model, size_px[1], size_px[0])


def pictures(
    trial: Trial,
    camera: Camera,
    distractor: Distractor | None = None,
    size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    arm_rgb: tuple[float, float, float] | None = None,
    renderer: mujoco.Renderer | None = None,
    parts: list[NDArray[np.uint8]] | None = None,
    parts_every: int = 1,
) -> Iterator[RGBImage]:
    """Render a trial, frame by frame.

    Args:
        trial: What happened.
        camera: From where it is seen.
        distractor: What drifts behind it, if anything.
        size_px: Width and height.
        arm_rgb: Colour of the arm, 0 to 1; its own if None.
        renderer: One that ``fast_renderer`` made for a trial of the same task; else one is made, and closed.
        parts: Takes (height, width), ``ARM``, ``HAND`` or 0, of frames, if given.
        parts_every: Of the first of so many frames each.

    Yields:
        (height, width, 3) uint8 RGB.
    """
    model, data = trial.environment.model, trial.environment.data
    model.vis.global_.fovy = camera.fovy_deg
    eye = mujoco.MjvCamera()
    eye.type = mujoco.mjtCamera.mjCAMERA_FREE
    eye.lookat[:] = camera.lookat_m
    eye.distance, eye.azimuth, eye.elevation = camera.distance_m, camera.azimuth_deg, camera.elevation_deg
    option = mujoco.MjvOption()
    option.sitegroup[:] = 0
    if arm_rgb is not None:
        _paint_arm(model, arm_rgb)
    own, marks = renderer is None, part_marks(model)
    if renderer is None:
        model.vis.quality.offsamples = SAMPLES
        model.vis.quality.shadowsize = SHADOW_PX
        _paint_sky(model)
        renderer = mujoco.Renderer(model, size_px[1], size_px[0])
    try:
        for frame, positions in enumerate(trial.positions):
            data.qpos[:] = positions
            mujoco.mj_forward(model, data)
            # another trial's model has the same meshes in other places
            renderer._model = model  # noqa: SLF001 - making a renderer takes longer than all pictures of a clip
            renderer.update_scene(data, eye, option)
            if not own:
                for effect in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                    renderer.scene.flags[effect] = 0
            if distractor is not None:
                _add(renderer.scene, distractor, frame)
            if parts is not None and frame % parts_every == 0:
                parts.append(_shown_parts(renderer, marks))
            yield renderer.render()
    finally:
        if own:
            renderer.close()


def write_video(
    path: Path,
    frames: Iterable[RGBImage],
    size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    rate_hz: int = RATE_HZ,
    preset: str = "slow",
    crf: int = CRF,
) -> None:
    """Encode pictures as H.264 in MP4, the same bytes for the same pictures; aside first, then renamed.

    Args:
        path: Where to.
        frames: (height, width, 3) uint8 RGB each.
        size_px: Width and height.
        rate_hz: Pictures a second.
        preset: How hard x264 tries.
        crf: Its quality; greater is smaller and worse.
    """
    temp_path = path.with_name(path.stem + ".part.mp4")
    with av.open(str(temp_path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        # x264's AVX-512 code gave other bytes now and then for the same pictures; plain C never does
        options = {"crf": str(crf), "preset": preset, "threads": "1", "x264-params": "asm=0"}
        stream = container.add_stream("libx264", rate=Fraction(rate_hz), options=options)
        stream.width, stream.height, stream.pix_fmt = *size_px, "yuv420p"
        stream.gop_size = rate_hz
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    temp_path.replace(path)
