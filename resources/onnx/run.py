"""Score the frames of one video with the ONNX files of a folder: python run.py FOLDER INPUTS.npz (rgb, flow)."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def run(folder, rgb, flow):
    """Return the score after every frame, (N,), and the maps, (N, h, w)."""
    files = {path.name: onnxruntime.InferenceSession(path) for path in Path(folder).glob("*.onnx")}
    features = files["appearance.onnx"].run(None, {"rgb": rgb})[0]
    if "motion.onnx" in files:
        features = np.concatenate([features, files["motion.onnx"].run(None, {"flow": flow})[0]], axis=1)
    if "start.onnx" in files:
        states = files["start.onnx"].run(None, {"features": features})
    else:
        first = json.loads((Path(folder) / "model.json").read_text())["first_states"]
        states = [np.array([state], np.float32) for state in first]
    steps = []
    for frame in features:
        named = {f"state_{i}": state for i, state in enumerate(states)}
        score, attention, *states = files["step.onnx"].run(None, {"features": frame[None], **named})
        steps.append((score[0], attention[0]))
    return tuple(np.stack(values) for values in zip(*steps))


if __name__ == "__main__":
    inputs = np.load(sys.argv[2])
    print(run(sys.argv[1], inputs["rgb"], inputs["flow"])[0])
