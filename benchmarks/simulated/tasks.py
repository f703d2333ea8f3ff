"""The tasks, and the camera that looks at each."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import SettingsError
from skillviewer.core.registry import look_up, table

WIDTH_PX = 480
HEIGHT_PX = 360
STEP_HZ = 80
"""Steps of the simulation a second."""
STEPS_PER_FRAME = 2
RATE_HZ = STEP_HZ // STEPS_PER_FRAME
"""Frames a second."""
CRF = 27
"""Quality of the encoding (x264), unless a form of clips has its own."""
ARM, HAND = 1, 2
"""Marks of pixels that show the arm above its wrist, and from the wrist on; 0 for all others."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera that looks at a point, in MuJoCo's terms of a free camera.

    Attributes:
        lookat_m: Point in the middle of the picture, (x, y, z) in metres.
        distance_m: From the camera to that point.
        azimuth_deg: Direction of sight about the vertical; 90 looks along +y.
        elevation_deg: Negative looks down.
        fovy_deg: Vertical field of view.
    """

    lookat_m: tuple[float, float, float]
    distance_m: float
    azimuth_deg: float
    elevation_deg: float
    fovy_deg: float = 45.0

    def axes(self) -> FloatArray:
        """Return the rows right, up, forward, (3, 3) unit vectors in the world."""
        azimuth, elevation = np.deg2rad(self.azimuth_deg), np.deg2rad(self.elevation_deg)
        forward = np.array(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
        )
        right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
        return np.stack([right, np.cross(right, forward), forward])

    def project(self, points_m: FloatArray, size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)) -> FloatArray:
        """Return where points of the world are seen.

        Args:
            points_m: (..., 3) float64, metres; in front of the camera.
            size_px: Width and height of the picture.

        Returns:
            (..., 2) float64 pixel coordinates x, y; (0, 0) is the centre of the top left pixel.
        """
        axes = self.axes()
        from_camera = np.asarray(points_m) - (np.array(self.lookat_m) - self.distance_m * axes[2])
        right, up, depth = np.moveaxis(from_camera @ axes.T, -1, 0)
        width_px, height_px = size_px
        focal_px = height_px / 2 / np.tan(np.deg2rad(self.fovy_deg) / 2)
        x = width_px / 2 + focal_px * right / depth - 0.5
        y = height_px / 2 - focal_px * up / depth - 0.5
        return np.stack([x, y], axis=-1)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of Meta-World.

    Attributes:
        name: Its name there.
        statement: What is done, for people.
        camera: Who looks on.
        distractor_low_m: A corner of the box in which the distractor drifts: behind the work, seen from the camera, so
            that it passes next to the gripper in the picture and hides nothing.
        distractor_high_m: The opposite corner.
        speed: Share of the simulation's highest speed at which an expert moves.
    """

    name: str
    statement: str
    camera: Camera
    distractor_low_m: tuple[float, float, float]
    distractor_high_m: tuple[float, float, float]
    speed: float


TASKS = table(
    Task(
        "peg-insert-side-v3",
        "Pick up the green peg and insert it sideways into the hole of the box.",
        Camera((-0.05, 0.60, 0.15), 0.88, 124.0, -25.0),
        (-0.22, 0.79, 0.05),
        (0.18, 0.87, 0.27),
        speed=0.5,
    ),
    Task(
        "assembly-v3",
        "Pick up the ring by its handle and put it over the peg.",
        Camera((0.05, 0.68, 0.15), 0.84, 118.0, -26.0),
        (-0.20, 0.88, 0.05),
        (0.25, 0.98, 0.30),
        speed=0.65,
    ),
)


def task_named(name: str) -> Task:
    """Return the task of a name.

    Raises:
        SettingsError: No such task.
    """
    return look_up(TASKS, name, "task", SettingsError)
