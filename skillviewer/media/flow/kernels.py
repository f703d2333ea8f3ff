"""Inner loops of TV-L1 optical flow, compiled by numba.

The algorithm is that of Zach, Pock and Bischof, "A duality based approach for realtime TV-L1 optical flow" (DAGM 2007),
as in OpenCV's ``DualTVL1OpticalFlow``. All arrays are flat (row-major), float32. For pictures of h rows and w columns:

* Pictures and their gradients have h * w values.
* Flow and dual variables have (h + 1) * (w + 1) values, a pitch of w + 1. Flow has a spare column at the right and a
  spare row at the bottom, copies of their neighbours, so that forward differences vanish at the border. Dual variables
  have a column of zeros at the left and a row of zeros at the top, so that backward differences need no branch.

Importing this module compiles or loads the kernels, so it is imported late.
"""

import math
from typing import Any

import numpy as np

from skillviewer.core.arrays import Float32Array
from skillviewer.media.flow.jit import kernel

_ONE = np.uint64(1)  # for unsigned indices, which numba need not check for negative values
_MIN_SQUARED_GRADIENT = np.float32(1.1920929e-07)  # FLT_EPSILON, as in OpenCV


@kernel(
    "void(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], "
    "float32[::1], uint64, uint64)"
)
def linearise(
    warped: Float32Array,
    ix: Float32Array,
    iy: Float32Array,
    first: Float32Array,
    u: Float32Array,
    v: Float32Array,
    inverse: Float32Array,
    rho: Float32Array,
    h: Any,  # noqa: ANN401 - np.uint64, which mypy takes for a signed int in arithmetic
    w: Any,  # noqa: ANN401
) -> None:
    """Linearise the data term around a flow: write 1 / |gradient|^2 and the residual at zero flow.

    Args:
        warped: Second picture, warped by the flow, h * w.
        ix: Warped x gradient of the second picture.
        iy: Warped y gradient of the second picture.
        first: First picture.
        u: x flow, (h + 1) * (w + 1).
        v: y flow, (h + 1) * (w + 1).
        inverse: Output: 1 / max(ix^2 + iy^2, FLT_EPSILON).
        rho: Output: warped - ix u - iy v - first.
        h: Number of rows.
        w: Number of columns.
    """
    for y in range(h):
        picture_row = y * w
        flow_row = y * (w + _ONE)
        for x in range(w):
            j = picture_row + x
            i = flow_row + x
            inverse[j] = np.float32(1) / max(ix[j] * ix[j] + iy[j] * iy[j], _MIN_SQUARED_GRADIENT)
            rho[j] = warped[j] - ix[j] * u[i] - iy[j] * v[i] - first[j]


@kernel(
    "UniTuple(float32, 2)(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], "
    "float32[::1], float32[::1], float32[::1], float32[::1], uint64, uint64, float32, float32, float32, int64, float32)"
)
def iterate(
    u: Float32Array,
    v: Float32Array,
    pux: Float32Array,
    puy: Float32Array,
    pvx: Float32Array,
    pvy: Float32Array,
    ix: Float32Array,
    iy: Float32Array,
    inverse: Float32Array,
    rho: Float32Array,
    h: Any,  # noqa: ANN401
    w: Any,  # noqa: ANN401
    threshold: np.float32,
    step: np.float32,
    theta: np.float32,
    n_inner: int,
    tolerance: np.float32,
) -> tuple[np.float32, np.float32]:
    """Run inner iterations: threshold the data term, update the flow, update its dual variables.

    Each iteration sweeps once over the rows. It updates the flow of row y, and then the dual variables of row y - 1,
    whose forward differences need the flow of row y.

    Args:
        u: x flow; updated.
        v: y flow; updated.
        pux: Dual variable of u in x; updated.
        puy: Dual variable of u in y; updated.
        pvx: Dual variable of v in x; updated.
        pvy: Dual variable of v in y; updated.
        ix: Warped x gradient.
        iy: Warped y gradient.
        inverse: From ``linearise``.
        rho: From ``linearise``.
        h: Number of rows.
        w: Number of columns.
        threshold: Lambda theta.
        step: tau / theta.
        theta: Coupling of flow and auxiliary flow.
        n_inner: Greatest number of iterations.
        tolerance: Mean squared update at or below which the iterations stop.

    Returns:
        The number of iterations, and the mean squared update of the last one.
    """
    pitch = w + _ONE
    one = np.float32(1)
    error = np.float32(0)
    n_done = 0
    for _ in range(n_inner):
        error = np.float32(0)
        for y in range(h + _ONE):
            if y < h:
                flow_row = y * pitch
                picture_row = y * w
                dual_row = flow_row + pitch + _ONE
                row_error = np.float32(0)
                for x in range(w):
                    i = flow_row + x
                    j = picture_row + x
                    k = dual_row + x
                    t = -(rho[j] + ix[j] * u[i] + iy[j] * v[i]) * inverse[j]
                    t = min(max(t, -threshold), threshold)
                    du = t * ix[j] + theta * (pux[k] - pux[k - _ONE] + puy[k] - puy[k - pitch])
                    dv = t * iy[j] + theta * (pvx[k] - pvx[k - _ONE] + pvy[k] - pvy[k - pitch])
                    row_error += du * du + dv * dv
                    u[i] += du
                    v[i] += dv
                error += row_error
                u[flow_row + w] = u[flow_row + w - _ONE]
                v[flow_row + w] = v[flow_row + w - _ONE]
                if y == h - _ONE:
                    for x in range(w):
                        u[flow_row + pitch + x] = u[flow_row + x]
                        v[flow_row + pitch + x] = v[flow_row + x]
            if y > 0:
                flow_row = (y - _ONE) * pitch
                dual_row = flow_row + pitch + _ONE
                for x in range(w):
                    i = flow_row + x
                    k = dual_row + x
                    gx = u[i + _ONE] - u[i]
                    gy = u[i + pitch] - u[i]
                    s = one / (one + step * math.sqrt(gx * gx + gy * gy))
                    pux[k] = (pux[k] + step * gx) * s
                    puy[k] = (puy[k] + step * gy) * s
                    gx = v[i + _ONE] - v[i]
                    gy = v[i + pitch] - v[i]
                    s = one / (one + step * math.sqrt(gx * gx + gy * gy))
                    pvx[k] = (pvx[k] + step * gx) * s
                    pvy[k] = (pvy[k] + step * gy) * s
        n_done += 1
        error /= np.float32(h * w)
        if error <= tolerance:
            break
    return np.float32(n_done), error
