"""Every model's equations once more, in plain numpy and double precision, one video at a time.

Written from the published equations and not from the program: loops over cells where the program has matrix products.
A function takes named weights, as a model's state dict has them, and the features of one video, (N, 2F, rows, columns),
and returns maps (N, h, w), task states (N, D) and the score curve (N,).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = Mapping[str, Array]
Result = tuple[Array, Array, Array]
Oracle = Callable[[Weights, Array, int], Result]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum())


def linear(w: Weights, name: str, x: Array) -> Array:
    return np.asarray(w[f"{name}.weight"] @ x + w.get(f"{name}.bias", 0.0))


def gru(w: Weights, name: str, x: Array, h: Array) -> Array:
    d = len(h)
    a = w[f"{name}.weight_ih"] @ x + w[f"{name}.bias_ih"]
    b = w[f"{name}.weight_hh"] @ h + w[f"{name}.bias_hh"]
    r = sigmoid(a[:d] + b[:d])
    z = sigmoid(a[d : 2 * d] + b[d : 2 * d])
    n = np.tanh(a[2 * d :] + r * b[2 * d :])
    return np.asarray((1 - z) * n + z * h)


def lstm(w: Weights, name: str, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    d = len(h)
    g = w[f"{name}.weight_ih"] @ x + w[f"{name}.bias_ih"] + w[f"{name}.weight_hh"] @ h + w[f"{name}.bias_hh"]
    i, f, o = sigmoid(g[:d]), sigmoid(g[d : 2 * d]), sigmoid(g[3 * d :])
    c = f * c + i * np.tanh(g[2 * d : 3 * d])
    return o * np.tanh(c), c


def layer_norm(w: Weights, name: str, x: Array) -> Array:
    if f"{name}.weight" not in w:
        return x
    return np.asarray((x - x.mean()) / np.sqrt(x.var() + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"])


def convolve(x: Array, kernel: Array, bias: Array | None, stride: int = 1, padding: tuple[int, int] = (0, 0)) -> Array:
    """Cross-correlate (C, rows, columns) with (outputs, C, k, k), cell by cell."""
    x = np.pad(x, ((0, 0), padding, padding))
    k = kernel.shape[2]
    rows, columns = (x.shape[1] - k) // stride + 1, (x.shape[2] - k) // stride + 1
    out = np.empty((len(kernel), rows, columns))
    for r in range(rows):
        for c in range(columns):
            patch = x[:, r * stride : r * stride + k, c * stride : c * stride + k]
            for o in range(len(kernel)):
                out[o, r, c] = (kernel[o] * patch).sum() + (0 if bias is None else bias[o])
    return out


def fused(w: Weights, frame: Array, stride: int, *, rectified: bool = False) -> Array:
    hidden = convolve(frame, w["fusion.first.weight"], w["fusion.first.bias"], stride)
    out = convolve(np.maximum(hidden, 0), w["fusion.second.weight"], w["fusion.second.bias"])
    return np.maximum(out, 0) if rectified else out


def task_step(w: Weights, v: Array, h: Array) -> tuple[Array, float]:
    h = gru(w, "task.cell", v, h)
    return h, float(linear(w, "task.score", h)[0])


def stacked(maps: list[Array], states: list[Array], scores: list[float]) -> Result:
    return np.stack(maps), np.stack(states), np.array(scores)


def spatial(context: str, *, recurrent: bool = True, sharp: bool = False, averaged: bool = False) -> Oracle:
    """Return the oracle of the paper's model, of one of its ablations or of a variant."""

    def run(w: Weights, features: Array, stride: int) -> Result:
        task = np.zeros(w["task.cell.weight_hh"].shape[1])
        attention = np.zeros(w["embed_hidden.weight"].shape[1])
        maps, states, scores = [], [], []
        for frame in features:
            x = fused(w, frame, stride)
            _, rows, columns = x.shape
            xbar = np.array([channel.mean() + channel.max() for channel in x])
            told = {
                "both": np.concatenate([layer_norm(w, "norm_frame", xbar), layer_norm(w, "norm_task", task)]),
                "frame": layer_norm(w, "norm_frame", xbar),
                "task": layer_norm(w, "norm_task", task),
            }[context]
            attention = gru(w, "attention_rnn", told, attention) if recurrent else linear(w, "attention_rnn", told)
            logits = np.empty((rows, columns))
            for r in range(rows):
                for c in range(columns):
                    inner = linear(w, "embed_cell", x[:, r, c]) + linear(w, "embed_hidden", attention)
                    logits[r, c] = float(w["weigh.weight"][0] @ np.tanh(inner))
            alpha = softmax(np.exp(w["log_scale"]) * logits if sharp else logits)
            v = np.zeros(len(x))
            for r in range(rows):
                for c in range(columns):
                    v += alpha[r, c] * x[:, r, c]
            task, score = task_step(w, v, task)
            maps.append(alpha)
            states.append(task)
            scores.append(score)
        curve = [float(np.mean(scores[: t + 1])) for t in range(len(scores))] if averaged else scores
        return stacked(maps, states, curve)

    return run


def uniform(w: Weights, features: Array, stride: int) -> Result:
    task = np.zeros(w["task.cell.weight_hh"].shape[1])
    maps, states, scores = [], [], []
    for frame in features:
        x = fused(w, frame, stride)
        task, score = task_step(w, x.mean(axis=(1, 2)), task)
        maps.append(np.full(x.shape[1:], 1 / (x.shape[1] * x.shape[2])))
        states.append(task)
        scores.append(score)
    return stacked(maps, states, scores)


def _product(w: Weights, x: Array) -> Array:
    up = convolve(x, w["product.bottom_up.weight"], w["product.bottom_up.bias"])[0]
    down = convolve(x, w["product.top_down.weight"], w["product.top_down.bias"])[0]
    return np.asarray(up * down)


def pool(w: Weights, features: Array, stride: int) -> Result:
    maps = [_product(w, fused(w, frame, stride, rectified=True)) for frame in features]
    frame_scores = [float(m.sum()) for m in maps]
    curve = [float(np.mean(frame_scores[: t + 1])) for t in range(len(maps))]
    return stacked(maps, [np.array([s]) for s in frame_scores], curve)


def pool_gru(w: Weights, features: Array, stride: int) -> Result:
    task = np.zeros(w["task.cell.weight_hh"].shape[1])
    maps, states, scores = [], [], []
    for frame in features:
        x = fused(w, frame, stride)
        m = _product(w, x)
        v = np.array([(m * channel).sum() / m.size for channel in x])
        task, score = task_step(w, v, task)
        maps.append(m)
        states.append(task)
        scores.append(score)
    return stacked(maps, states, scores)


def _channel_gate(w: Weights, x: Array) -> Array:
    def perceptron(v: Array) -> Array:
        return linear(w, "channel_gate.perceptron.2", np.maximum(linear(w, "channel_gate.perceptron.0", v), 0))

    return sigmoid(perceptron(x.mean(axis=(1, 2))) + perceptron(x.max(axis=(1, 2))))


def cbam(w: Weights, features: Array, stride: int) -> Result:
    task = np.zeros(w["task.cell.weight_hh"].shape[1])
    maps, states, scores = [], [], []
    for frame in features:
        x = fused(w, frame, stride)
        x = _channel_gate(w, x)[:, None, None] * x
        s = np.stack([x.mean(axis=0), x.max(axis=0)])
        for c in range(2):  # instance normalisation
            s[c] = (s[c] - s[c].mean()) / np.sqrt(s[c].var() + 1e-5) * w["spatial.0.weight"][c] + w["spatial.0.bias"][c]
        hidden = np.maximum(convolve(s, w["spatial.1.weight"], w["spatial.1.bias"], padding=(1, 1)), 0)
        alpha = softmax(convolve(hidden, w["spatial.3.weight"], w["spatial.3.bias"])[0])
        task, score = task_step(w, np.array([(alpha * channel).sum() for channel in x]), task)
        maps.append(alpha)
        states.append(task)
        scores.append(score)
    return stacked(maps, states, scores)


def cbam_original(w: Weights, features: Array, stride: int) -> Result:
    task = np.zeros(w["task.cell.weight_hh"].shape[1])
    maps, states, scores = [], [], []
    for frame in features:
        x = fused(w, frame, stride)
        x = _channel_gate(w, x)[:, None, None] * x
        s = convolve(np.stack([x.max(axis=0), x.mean(axis=0)]), w["spatial.0.weight"], None, padding=(3, 3))[0]
        s = (s - w["spatial.1.running_mean"][0]) / np.sqrt(w["spatial.1.running_var"][0] + 1e-5)
        gate = sigmoid(s * w["spatial.1.weight"][0] + w["spatial.1.bias"][0])
        task, score = task_step(w, np.array([(gate * channel).sum() / gate.size for channel in x]), task)
        maps.append(gate)
        states.append(task)
        scores.append(score)
    return stacked(maps, states, scores)


def visual(*, is_gru: bool) -> Oracle:
    """Return the oracle of Visual Attention, by LSTM or by GRU."""

    def run(w: Weights, features: Array, stride: int) -> Result:
        xs = [fused(w, frame, stride, rectified=True) for frame in features]
        mean = np.mean([x.mean(axis=(1, 2)) for x in xs], axis=0)
        h = linear(w, "first_hidden", mean)
        c = h if is_gru else linear(w, "first_cell", mean)
        maps, states, scores = [], [], []
        for x in xs:
            alpha = softmax(w["look.weight"] @ h).reshape(x.shape[1:])
            v = np.array([(alpha * channel).sum() for channel in x])
            if is_gru:
                h = gru(w, "cell", v, h)
            else:
                h, c = lstm(w, "cell", v, h, c)
            maps.append(alpha)
            states.append(h)
            scores.append(float(linear(w, "score", h)[0]))
        return stacked(maps, states, scores)

    return run


def sca(*, original: bool) -> Oracle:
    """Return the oracle of SCA-CNN, channels by sigmoid or by softmax times their number."""

    def run(w: Weights, features: Array, stride: int) -> Result:
        h = np.zeros(w["task.cell.weight_hh"].shape[1])
        maps, states, scores = [], [], []
        for frame in features:
            x = fused(w, frame, stride)
            raw = np.empty(len(x))
            for c, channel in enumerate(x):
                b = np.tanh(linear(w, "embed_mean", np.array([channel.mean()])) + linear(w, "channel_memory", h))
                raw[c] = linear(w, "weigh_channel", b)[0]
            beta = softmax(raw) * len(x) if original else sigmoid(raw)
            x = beta[:, None, None] * x
            logits = np.empty(x.shape[1:])
            for r in range(x.shape[1]):
                for c in range(x.shape[2]):
                    a = np.tanh(linear(w, "embed_cell", x[:, r, c]) + linear(w, "cell_memory", h))
                    logits[r, c] = linear(w, "weigh_cell", a)[0]
            alpha = softmax(logits)
            h, score = task_step(w, np.array([(alpha * channel).sum() for channel in x]), h)
            maps.append(alpha)
            states.append(h)
            scores.append(score)
        return stacked(maps, states, scores)

    return run


def _tsn_scores(w: Weights, features: Array, *, pooled: bool) -> Array:
    half = features.shape[1] // 2
    scores = np.empty((len(features), 2))
    for t, frame in enumerate(features):
        for s, name in enumerate(("appearance", "motion")):
            stream = frame[half * s : half * (s + 1)]
            x = stream.mean(axis=(1, 2)) if pooled else stream.reshape(-1)
            if not pooled:
                x = np.maximum(linear(w, f"{name}.layers.1", x), 0)
                x = np.maximum(linear(w, f"{name}.layers.4", x), 0)
            scores[t, s] = linear(w, f"{name}.layers.1" if pooled else f"{name}.layers.6", x)[0]
    return scores


def tsn(*, pooled: bool) -> Oracle:
    """Return the oracle of Doughty et al. 2018."""

    def run(w: Weights, features: Array, stride: int) -> Result:  # noqa: ARG001
        scores = _tsn_scores(w, features, pooled=pooled)
        mixed = 0.4 * scores[:, 0] + 0.6 * scores[:, 1]
        curve = [float(mixed[: t + 1].mean()) for t in range(len(mixed))]
        return np.ones((len(mixed), 1, 1)), scores, np.array(curve)

    return run


def raan_filters(w: Weights, pooled: Array) -> tuple[Array, Array]:
    """Return the filter scores, (2, K), and the attention, (2, N, K), over the given steps, (N, 2F)."""
    n_filters = sum(name.startswith("branches.0.filters.") and name.endswith(".0.weight") for name in w)
    scores, attention = np.empty((2, n_filters)), np.empty((2, len(pooled), n_filters))
    for b in range(2):
        for k in range(n_filters):
            name = f"branches.{b}.filters.{k}"
            logits = [linear(w, f"{name}.2", np.maximum(linear(w, f"{name}.0", f), 0))[0] for f in pooled]
            attention[b, :, k] = softmax(np.array(logits))
            attended = (attention[b, :, k, None] * pooled).sum(axis=0)
            scores[b, k] = 2 * np.tanh(linear(w, f"branches.{b}.score", attended)[0])
    return scores, attention


def raan(w: Weights, features: Array, stride: int) -> Result:  # noqa: ARG001
    pooled = features.mean(axis=(2, 3))
    by_step = [raan_filters(w, pooled[: t + 1])[0] for t in range(len(pooled))]
    curve = [float(f[0].mean() + f[1].mean()) for f in by_step]
    return np.ones((len(pooled), 1, 1)), np.stack([f.reshape(-1) for f in by_step]), np.array(curve)


def pooled_motion(w: Weights, features: Array, stride: int) -> Result:  # noqa: ARG001
    motion = features[:, features.shape[1] // 2 :].mean(axis=(2, 3))
    means = np.stack([motion[: t + 1].mean(axis=0) for t in range(len(motion))])
    return np.ones((len(means), 1, 1)), means, np.array([linear(w, "score", mean)[0] for mean in means])


def duration(w: Weights, features: Array, stride: int) -> Result:  # noqa: ARG001
    elapsed = np.log(1 + features[:, 0, 0, 0])
    return np.ones((len(elapsed), 1, 1)), elapsed[:, None], np.asarray(w["weight"] * elapsed)


def motion(w: Weights, features: Array, stride: int) -> Result:  # noqa: ARG001
    numbers, rows = features[:, :, 0, 0], []
    for t in range(len(numbers)):
        seen = numbers[: t + 1]
        speed = seen[:, 0]
        changed = np.abs(np.diff(speed)).mean() if t else 0.0
        rough = seen[:, 5:7].mean(axis=0) / speed.mean()
        rows.append([*seen.mean(axis=0), speed.std(), changed, *rough])
    found = np.array(rows)
    return np.ones((len(found), 1, 1)), found, found @ w["score.weight"][0]


ORACLES: dict[str, Oracle] = {
    "full": spatial("both"),
    "sharp": spatial("both", sharp=True),
    "prefix": spatial("both"),
    "average": spatial("both", averaged=True),
    "follow": spatial("both", sharp=True, averaged=True),
    "none": uniform,
    "no-rnn": spatial("both", recurrent=False),
    "xbar": spatial("frame"),
    "htask": spatial("task"),
    "pool": pool,
    "pool-gru": pool_gru,
    "cbam": cbam,
    "cbam-original": cbam_original,
    "visual": visual(is_gru=False),
    "visual-gru": visual(is_gru=True),
    "sca": sca(original=False),
    "sca-original": sca(original=True),
    "tsn": tsn(pooled=False),
    "tsn-frozen": tsn(pooled=True),
    "raan": raan,
    "pooled": pooled_motion,
    "motion": motion,
    "duration": duration,
}
