"""Optical flow between adjacent pictures, by name of the algorithm, and the flow stacks for a backbone."""

import logging
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import Float32Array, FloatArray, IntArray, RGBImage
from skillviewer.core.errors import SettingsError
from skillviewer.core.paths import kernels_dir
from skillviewer.core.video.preprocessing import FLOW_ALGORITHMS, FlowSettings
from skillviewer.media.flow import tvl1 as _tvl1

log = logging.getLogger(__name__)

COMPILING = "Compiling optical flow for this computer, once: a few seconds."
"""The announcement."""
Elsewhere = Callable[[Path | None], bool]
"""Runs ``compile_kernels`` in another process with this argument; returns True on success."""
KEPT_BYTES = 64 * 2**20
"""Greatest memory for recent fields in a ``FlowStacks``: about 370 fields of 340x256."""


def tvl1(first: RGBImage, second: RGBImage, preset: str = "tvl1") -> Float32Array:
    """Return TV-L1 flow, computed like OpenCV's ``DualTVL1OpticalFlow`` by our own kernels.

    Args:
        first: (h, w) uint8 grey picture.
        second: The next picture, of the same size.
        preset: ``"tvl1"``: OpenCV's default parameters, as in all extractors of published flow; ``"tvl1-fast"``: a
            pyramid of halves and fewer warps, which is cheaper, better on large motion, and softer at the edges of
            moving objects.

    Returns:
        (h, w, 2) float32, x then y displacement in pixels from first to second.

    Raises:
        SettingsError: The preset is unknown.
        ValueError: The pictures are not two uint8 grey pictures of one size.
    """
    parameters = _tvl1.parameters_of(preset)
    _check(first, second)
    return _tvl1.solve(_tvl1.pyramid(first, parameters), _tvl1.pyramid(second, parameters), parameters)


def dis(first: RGBImage, second: RGBImage) -> Float32Array:
    """Return flow by dense inverse search (Kroeger et al., ECCV 2016), OpenCV's medium preset.

    Args:
        first: (h, w) uint8 grey picture.
        second: The next picture, of the same size.

    Returns:
        (h, w, 2) float32, x then y displacement in pixels from first to second; zero for pictures with a side under 16
        px, which are too small for the pyramid.

    Raises:
        ValueError: The pictures are not two uint8 grey pictures of one size.
    """
    _check(first, second)
    if min(first.shape) < _tvl1.SMALLEST_PX:
        return np.zeros((*first.shape, 2), dtype=np.float32)
    # a new one each time: it has state and is not thread-safe
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(first, second, np.zeros((*first.shape, 2), dtype=np.float32)), dtype=np.float32)


def _check(first: RGBImage, second: RGBImage) -> None:
    fits = first.ndim == 2 and first.shape == second.shape and first.size > 0
    if not fits or first.dtype != np.uint8 or second.dtype != np.uint8:
        raise ValueError(
            "flow needs two uint8 grey pictures of one size, "
            f"not {first.dtype}{list(first.shape)} and {second.dtype}{list(second.shape)}"
        )


def quantise(flow: Float32Array | FloatArray, bound_px: float) -> NDArray[np.uint8]:
    """Return flow in 8 bits, quantised as by the extractors of published flow (dense_flow, denseflow: ``cvRound``).

    ``round(255 (v + b) / 2b)`` clipped to 0 to 255, halves to the even neighbour: no motion is 127.5, hence 128.

    Args:
        flow: Displacements in pixels, any shape.
        bound_px: b, the displacement that saturates.
    """
    scaled = (np.asarray(flow, dtype=np.float64) + bound_px) * (255.0 / (2.0 * bound_px))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def grey_size(width_px: int, height_px: int, short_side_px: int) -> tuple[int, int]:
    """Return the (width, height) of the grey pictures from which flow is computed.

    The shorter side becomes ``short_side_px``; the longer one follows, rounded to the nearest pixel. A smaller video
    keeps its size: enlarging would add no visible motion, only work.
    """
    shorter = min(width_px, height_px)
    if shorter <= short_side_px:
        return width_px, height_px
    return round(width_px * short_side_px / shorter), round(height_px * short_side_px / shorter)


FieldBatch = Callable[[RGBImage, RGBImage], Float32Array]
"""Maps two (B, h, w) uint8 batches to the flow of every pair, (B, h, w, 2) float32."""


class FlowStacks:
    """Flow stacks of one video.

    Field f is the flow from the picture at position f of the timeline to that at f + 1. The stack of position t
    contains the fields t - L/2 to t + L/2 - 1 (the released code of Li et al.); fields outside a short video repeat its
    first or last one, and a video with a single picture counts as static. Recent fields are cached, so that each field
    of the overlapping stacks of interleaved passes is computed once.

    For use in one thread.
    """

    def __init__(
        self, settings: FlowSettings, n_positions: int, threads: int = 1, batch: FieldBatch | None = None
    ) -> None:
        """Prepare for a video without computing anything yet.

        Args:
            settings: Algorithm, length and bound.
            n_positions: Length of the timeline, at least 1.
            threads: Number of threads for the fields of a stack.
            batch: Computes batches of TV-L1 fields elsewhere (on a GPU), or None for the CPU kernels.

        Raises:
            SettingsError: The algorithm is unknown, or the length is not even and positive.
        """
        if settings.algorithm not in FLOW_ALGORITHMS:
            algorithms = ", ".join(FLOW_ALGORITHMS)
            raise SettingsError(
                f"There is no optical flow algorithm “{settings.algorithm}”. Choose one of: {algorithms}."
            )
        if settings.length < 2 or settings.length % 2:
            raise SettingsError(f"A flow stack has an even number of fields, not {settings.length}.")
        self._settings = settings
        self._n_fields = n_positions - 1
        self._threads = threads
        self._batch = batch if settings.algorithm != "dis" else None
        self._recent: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()  # field -> (2, h, w)

    def positions_needed(self, samples: IntArray) -> IntArray:
        """Return the positions whose grey pictures are needed for the stacks of some positions.

        Returns:
            (m,) int64, ascending and unique.
        """
        if self._n_fields == 0:
            return np.unique(samples).astype(np.int64)
        fields = np.unique(self._fields(np.asarray(samples, dtype=np.int64).reshape(-1, 1)))
        return np.union1d(fields, fields + 1).astype(np.int64)

    def stack(self, position: int, grey: Callable[[int], RGBImage]) -> NDArray[np.uint8]:
        """Return the flow stack of a position.

        Args:
            position: Position on the timeline.
            grey: Returns the (h, w) uint8 grey picture at a position. Called in this thread, in ascending order, once
                for each picture needed for a field that is not cached.

        Returns:
            (2L, h, w) uint8, quantised, channels x1, y1, ..., xL, yL.
        """
        if self._n_fields == 0:
            no_motion = np.zeros((2 * self._settings.length, *grey(position).shape), dtype=np.float32)
            return quantise(no_motion, self._settings.bound_px)
        fields: list[int] = self._fields(np.array([position])).tolist()
        missing = sorted({f for f in fields if f not in self._recent})
        needed = {p: grey(p) for p in sorted({*missing, *(f + 1 for f in missing)})}
        if self._batch is not None and missing:
            first = np.stack([needed[f] for f in missing])
            second = np.stack([needed[f + 1] for f in missing])
            computed = [self._quantised(flow) for flow in self._batch(first, second)]
        else:
            pictures = {p: self._prepared(picture) for p, picture in needed.items()}
            computed = self._in_threads(lambda f: self._field(pictures[f], pictures[f + 1]), missing)
        self._recent.update(zip(missing, computed, strict=True))
        for field in fields:
            self._recent.move_to_end(field)
        stack = np.concatenate([self._recent[f] for f in fields])
        while len(self._recent) > len(fields) and len(self._recent) * stack.nbytes > KEPT_BYTES * len(fields):
            self._recent.popitem(last=False)
        return stack

    def _fields(self, positions: IntArray) -> IntArray:
        """Return the L fields of each position, along the last axis."""
        half = self._settings.length // 2
        fields: IntArray = np.clip(positions + np.arange(-half, half, dtype=np.int64), 0, self._n_fields - 1)
        return fields

    def _prepared(self, picture: RGBImage) -> list[Float32Array] | RGBImage:
        """Return the part of the computation that two fields share for a picture."""
        if self._settings.algorithm == "dis":
            return picture
        return _tvl1.pyramid(picture, _tvl1.parameters_of(self._settings.algorithm))

    def _field(self, first: list[Float32Array] | RGBImage, second: list[Float32Array] | RGBImage) -> NDArray[np.uint8]:
        """Return one quantised field, (2, h, w)."""
        if isinstance(first, list) and isinstance(second, list):
            flow = _tvl1.solve(first, second, _tvl1.parameters_of(self._settings.algorithm))
        else:
            assert isinstance(first, np.ndarray)
            assert isinstance(second, np.ndarray)
            flow = dis(first, second)
        return self._quantised(flow)

    def _quantised(self, flow: Float32Array) -> NDArray[np.uint8]:
        return np.ascontiguousarray(quantise(flow, self._settings.bound_px).transpose(2, 0, 1))

    def _in_threads(self, work: Callable[[int], NDArray[np.uint8]], fields: list[int]) -> list[NDArray[np.uint8]]:
        """Return the results of independent work in order; with a thread pool if there are several."""
        if self._threads < 2 or len(fields) < 2:
            return [work(field) for field in fields]
        with ThreadPoolExecutor(min(self._threads, len(fields)), thread_name_prefix="flow") as pool:
            return list(pool.map(work, fields))


def warm_up(announce: Callable[[str], None], elsewhere: Elsewhere | None = None) -> None:
    """Make TV-L1 ready: load the compiled kernels, or compile them if there is no cached copy.

    Without this call the first TV-L1 flow does the same, without an announcement.

    Args:
        announce: Receives a sentence if something must be compiled.
        elsewhere: Compiles in another process, so that nothing in this one waits for the GIL; None to compile here. If
            that fails, or its copies cannot be loaded, the kernels are compiled here, which is logged.

    Raises:
        Cancelled: ``elsewhere`` was cancelled.
    """
    if elsewhere is not None and _compiled_elsewhere(announce, elsewhere):
        return
    from skillviewer.media.flow.jit import announcing  # late: imports numba

    with announcing(lambda: announce(COMPILING)):
        from skillviewer.media.flow import kernels as kernels_module  # noqa: F401 - compiles or loads on import


def compile_kernels(folder: Path | None) -> None:
    """Compile the kernels of TV-L1 and cache them; existing copies are loaded."""
    from skillviewer.media.flow.jit import coming_from

    with coming_from(folder):
        from skillviewer.media.flow import kernels as kernels_module  # noqa: F401


def _compiled_elsewhere(announce: Callable[[str], None], elsewhere: Elsewhere) -> bool:
    """Load the kernels, compiled by another process if necessary; return True on success."""
    if _kept():
        return True
    announce(COMPILING)
    kept_in = kernels_dir()
    try:
        kept_in.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=kept_in):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        log.warning("compiled flow kernels cannot be kept in %s (%s)", kept_in, reason)
        announce(f"Compiling optical flow. It has to be done at every start: {kept_in} cannot be written ({reason}).")
    else:
        if elsewhere(None) and _kept():
            return True
    try:
        with tempfile.TemporaryDirectory(prefix="skillviewer-", ignore_cleanup_errors=True) as name:
            if elsewhere(Path(name)) and _kept(Path(name)):
                return True
    except OSError as error:
        log.warning("compiled flow kernels cannot be handed over in %s (%s)", tempfile.gettempdir(), error)
    log.warning("the flow kernels are compiled in this process: the window may stand still for a moment")
    return False


def _kept(folder: Path | None = None) -> bool:
    """Load the kernels if all have cached copies; return True on success."""
    from skillviewer.media.flow.jit import NotCompiledError, coming_from

    try:
        with coming_from(folder, compiled=False):
            from skillviewer.media.flow import kernels as kernels_module  # noqa: F401
    except NotCompiledError:
        return False
    return True
