"""Inner loops of TV-L1 optical flow, compiled by numba.

Zach, Pock and Bischof, "A duality based approach for realtime TV-L1 optical flow" (DAGM 2007), in the form of OpenCV's
``DualTVL1OpticalFlow``. All arrays are flat (row-major), float32. For pictures of h rows and w columns:

* pictures and their gradients: h * w values;
* flow and dual variables: (h + 1) * (w + 1) values, a pitch of w + 1. Flow has one spare column at the right and one
  spare row at the bottom, copies of their neighbours, so that forward differences vanish at the border. Dual variables
  have one column of zeros at the left and one row of zeros at the top, so that backward differences need no branch.

In ``iterate``, ``u`` and ``v`` are the flow in x and y, ``pux``, ``puy``, ``pvx`` and ``pvy`` their dual variables in x
and y, all updated in place; ``ix`` and ``iy`` are the warped gradients, ``inverse`` and ``rho`` come from
``linearise``, ``threshold`` is lambda theta and ``step`` is tau / theta.

Importing this module compiles or loads the kernels: import it late.
"""

import math
from typing import Any

import numpy as np

from skillviewer.core.arrays import Float32Array
from skillviewer.media.flow.jit import kernel

_ONE = np.uint64(1)  # unsigned indices save numba a check for negative ones
_TINY = np.float32(1.1920929e-07)  # FLT_EPSILON: below it OpenCV calls a squared gradient zero


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
    """Write the inputs of the inner iterations for a warped picture: 1 / |gradient|^2 and the residual at zero flow.

    Args:
        warped: Second picture, warped by the flow, h * w.
        ix: Its warped x gradient.
        iy: Its warped y gradient.
        first: First picture.
        u: x flow, (h + 1) * (w + 1).
        v: y flow, same shape.
        inverse: Written: 1 / max(ix^2 + iy^2, FLT_EPSILON).
        rho: Written: warped - ix u - iy v - first.
        h: Rows.
        w: Columns.
    """
    for y in range(h):
        picture_row = y * w
        flow_row = y * (w + _ONE)
        for x in range(w):
            j = picture_row + x
            i = flow_row + x
            inverse[j] = np.float32(1) / max(ix[j] * ix[j] + iy[j] * iy[j], _TINY)
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

    One sweep over the rows per iteration: the flow of row y, then the dual variables of row y - 1, whose forward
    differences need the flow of row y. Stops after ``n_inner`` iterations, or once the mean squared update is at or
    below ``tolerance``; returns the number of iterations and the mean squared update of the last.
    """
    pitch = w + _ONE
    one = np.float32(1)
    error = np.float32(0)
    done = 0
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
        done += 1
        error /= np.float32(h * w)
        if error <= tolerance:
            break
    return np.float32(done), error
