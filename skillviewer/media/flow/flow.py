"""Optical flow between adjacent pictures, flow stacks for a backbone, and the loading of the compiled kernels."""

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
from skillviewer.core.errors import SettingsError, os_reason
from skillviewer.core.paths import kernels_dir
from skillviewer.core.video.preprocessing import FLOW_ALGORITHMS, FlowSettings
from skillviewer.media.flow import tvl1 as _tvl1

log = logging.getLogger(__name__)

COMPILING_NOTICE = "Compiling optical flow for this computer, once: a few seconds."
"""Sentence for the user before the kernels are compiled."""
CompileInProcess = Callable[[Path | None], bool]
"""Runs ``compile_kernels`` with this argument in another process; returns True on success."""
MAX_CACHED_BYTES = 64 * 2**20
"""Greatest memory for recent fields in a ``FlowStacks``: about 370 fields of 340x256."""


def tvl1(first: RGBImage, second: RGBImage, preset: str = "tvl1") -> Float32Array:
    """Return TV-L1 flow, computed like OpenCV's ``DualTVL1OpticalFlow`` by our own kernels.

    Args:
        first: (h, w) uint8 grey picture.
        second: The next picture, of the same size.
        preset: ``"tvl1"`` for OpenCV's default parameters, as in all extractors of published flow. ``"tvl1-fast"`` for
            a pyramid of halves and fewer warps: faster, better on large motion, and softer at the edges of moving
            objects.

    Returns:
        (h, w, 2) float32, x then y displacement in pixels from first to second.

    Raises:
        SettingsError: The preset is unknown.
        ValueError: The pictures are not two uint8 grey pictures of one size.
    """
    parameters = _tvl1.preset_parameters(preset)
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
    if min(first.shape) < _tvl1.MIN_LEVEL_PX:
        return np.zeros((*first.shape, 2), dtype=np.float32)
    # a new object for each call: it has state and is not thread-safe
    algorithm = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = algorithm.calc(first, second, np.zeros((*first.shape, 2), dtype=np.float32))
    return np.asarray(flow, dtype=np.float32)


def _check(first: RGBImage, second: RGBImage) -> None:
    fits = first.ndim == 2 and first.shape == second.shape and first.size > 0
    if not fits or first.dtype != np.uint8 or second.dtype != np.uint8:
        raise ValueError(
            "flow needs two uint8 grey pictures of one size, "
            f"not {first.dtype}{list(first.shape)} and {second.dtype}{list(second.shape)}"
        )


def quantise(flow: Float32Array | FloatArray, bound_px: float) -> NDArray[np.uint8]:
    """Return flow in 8 bits, quantised as by the extractors of published flow (dense_flow, denseflow: ``cvRound``).

    The result is ``round(255 (v + b) / 2b)``, clipped to 0 to 255. Halves are rounded to the even neighbour: no motion
    is 127.5, and becomes 128.

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
        """Prepare for a video; nothing is computed yet.

        Args:
            settings: Algorithm, length and bound.
            n_positions: Length of the timeline, at least 1.
            threads: Number of threads that compute the fields of a stack.
            batch: Computes batches of TV-L1 fields on a GPU, or None for the CPU kernels.

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
        """Return the positions of the grey pictures that the stacks of ``samples`` need.

        Returns:
            (m,) int64, ascending and unique.
        """
        if self._n_fields == 0:
            return np.unique(samples).astype(np.int64)
        positions = np.asarray(samples, dtype=np.int64)
        fields = np.unique(self._fields(positions.reshape(-1, 1)))
        return np.union1d(fields, fields + 1).astype(np.int64)

    def stack(self, position: int, grey: Callable[[int], RGBImage]) -> NDArray[np.uint8]:
        """Return the flow stack of a position.

        Args:
            position: Position on the timeline.
            grey: Returns the (h, w) uint8 grey picture at a position. It is called in this thread, in ascending order,
                once for each picture of a field that is not cached.

        Returns:
            (2L, h, w) uint8, quantised, channels x1, y1, ..., xL, yL.
        """
        if self._n_fields == 0:
            no_motion = np.zeros((2 * self._settings.length, *grey(position).shape), dtype=np.float32)
            return quantise(no_motion, self._settings.bound_px)
        fields: list[int] = self._fields(np.array([position])).tolist()
        missing = sorted({field for field in fields if field not in self._recent})
        self._recent.update(zip(missing, self._compute(missing, grey), strict=True))
        for field in fields:
            self._recent.move_to_end(field)
        stack = np.concatenate([self._recent[field] for field in fields])
        max_cached = max(len(fields), MAX_CACHED_BYTES * len(fields) // stack.nbytes)
        while len(self._recent) > max_cached:
            self._recent.popitem(last=False)
        return stack

    def _compute(self, fields: list[int], grey: Callable[[int], RGBImage]) -> list[NDArray[np.uint8]]:
        """Return quantised fields, (2, h, w) each."""
        positions = sorted({*fields, *(field + 1 for field in fields)})
        picture_at = {position: grey(position) for position in positions}
        if self._batch is not None and fields:
            first = np.stack([picture_at[field] for field in fields])
            second = np.stack([picture_at[field + 1] for field in fields])
            return [self._quantised(flow) for flow in self._batch(first, second)]
        prepared_at = {position: self._prepare(picture) for position, picture in picture_at.items()}
        return self._in_threads(lambda field: self._field(prepared_at[field], prepared_at[field + 1]), fields)

    def _fields(self, positions: IntArray) -> IntArray:
        """Return the L fields of each position, along the last axis."""
        half = self._settings.length // 2
        fields: IntArray = np.clip(positions + np.arange(-half, half, dtype=np.int64), 0, self._n_fields - 1)
        return fields

    def _prepare(self, picture: RGBImage) -> list[Float32Array] | RGBImage:
        """Return the input of a picture for the two flow fields around it: its pyramid for TV-L1, else the picture."""
        if self._settings.algorithm == "dis":
            return picture
        return _tvl1.pyramid(picture, _tvl1.preset_parameters(self._settings.algorithm))

    def _field(self, first: list[Float32Array] | RGBImage, second: list[Float32Array] | RGBImage) -> NDArray[np.uint8]:
        """Return one quantised field, (2, h, w)."""
        if isinstance(first, list) and isinstance(second, list):
            flow = _tvl1.solve(first, second, _tvl1.preset_parameters(self._settings.algorithm))
        else:
            assert isinstance(first, np.ndarray)
            assert isinstance(second, np.ndarray)
            flow = dis(first, second)
        return self._quantised(flow)

    def _quantised(self, flow: Float32Array) -> NDArray[np.uint8]:
        return np.ascontiguousarray(quantise(flow, self._settings.bound_px).transpose(2, 0, 1))

    def _in_threads(self, compute: Callable[[int], NDArray[np.uint8]], fields: list[int]) -> list[NDArray[np.uint8]]:
        """Return the computed fields in order; a thread pool computes them if there are several."""
        if self._threads < 2 or len(fields) < 2:
            return [compute(field) for field in fields]
        with ThreadPoolExecutor(min(self._threads, len(fields)), thread_name_prefix="flow") as pool:
            return list(pool.map(compute, fields))


def warm_up(announce: Callable[[str], None], compile_in_process: CompileInProcess | None = None) -> None:
    """Load the compiled kernels of TV-L1, or compile them if there is no cached copy.

    Without this call the first TV-L1 flow does the same, without an announcement.

    Args:
        announce: Receives a sentence if something must be compiled.
        compile_in_process: Compiles in another process, so that no thread of this one waits for the GIL; None to
            compile here. If it fails, or its copies cannot be loaded, the kernels are compiled here, and a warning is
            logged.

    Raises:
        Cancelled: ``compile_in_process`` was cancelled.
    """
    if compile_in_process is not None and _load_or_compile_in_process(announce, compile_in_process):
        return
    from skillviewer.media.flow.jit import announce_compilation  # late: imports numba

    with announce_compilation(lambda: announce(COMPILING_NOTICE)):
        from skillviewer.media.flow import kernels as kernels_module  # noqa: F401 - compiles or loads on import


def compile_kernels(folder: Path | None) -> None:
    """Compile the kernels of TV-L1 and cache them in a folder, or in ``kernels_dir()``; existing copies are loaded."""
    from skillviewer.media.flow.jit import kernels_from

    with kernels_from(folder):
        from skillviewer.media.flow import kernels as kernels_module  # noqa: F401


def _load_or_compile_in_process(announce: Callable[[str], None], compile_in_process: CompileInProcess) -> bool:
    """Load the kernels, after another process has compiled them if necessary; return True on success."""
    if _load_cached():
        return True
    announce(COMPILING_NOTICE)
    cache_folder = kernels_dir()
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache_folder):
            pass  # raises an error if the folder cannot be written
    except OSError as error:
        reason = os_reason(error)
        log.warning("compiled flow kernels cannot be kept in %s (%s)", cache_folder, reason)
        announce(
            f"Compiling optical flow. It has to be done at every start: {cache_folder} cannot be written ({reason})."
        )
    else:
        if compile_in_process(None) and _load_cached():
            return True
    try:
        with tempfile.TemporaryDirectory(prefix="skillviewer-", ignore_cleanup_errors=True) as name:
            if compile_in_process(Path(name)) and _load_cached(Path(name)):
                return True
    except OSError as error:
        log.warning("compiled flow kernels cannot be handed over in %s (%s)", tempfile.gettempdir(), error)
    log.warning("the flow kernels are compiled in this process: the window may stand still for a moment")
    return False


def _load_cached(folder: Path | None = None) -> bool:
    """Load the kernels if all have cached copies; return True on success."""
    from skillviewer.media.flow.jit import NotCompiledError, kernels_from

    try:
        with kernels_from(folder, may_compile=False):
            from skillviewer.media.flow import kernels as kernels_module  # noqa: F401
    except NotCompiledError:
        return False
    return True
