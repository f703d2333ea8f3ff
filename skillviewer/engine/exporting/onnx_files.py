"""Export of a checkpoint as ONNX files: backbones, one step of the head, and a description of their use.

The files are described in docs/export.md.
"""

import runpy
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from skillviewer.core.atomic_write import atomic_folder, path_exists
from skillviewer.core.errors import ExportError, first_line, os_error_as
from skillviewer.core.paths import resources_dir
from skillviewer.core.text import format_size
from skillviewer.core.version import __version__
from skillviewer.engine.exporting.export_results import ExportedFile
from skillviewer.engine.features.extractor import FeatureExtractor, trained_streams
from skillviewer.engine.features.frame_inputs import sampling_of, stream_inputs
from skillviewer.engine.inference.engine import Engine
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.attention_models.end_to_end import CROP_PX, N_FIELDS, SIZE_PX, centre_of_snippet, make_snippet
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import motion_input
from skillviewer.nets.checkpoint import Checkpoint, load_checkpoint
from skillviewer.nets.configuration import CheckpointConfig

TOLERANCE = 1e-4
"""Greatest absolute and relative difference from torch; ten times as much for features, rounded to float16."""
TensorFunction = Callable[..., tuple[Tensor, ...]]


class Graph(nn.Module):
    """A function of tensors that is written as one file.

    Args:
        owner: Module whose weights the function uses.
        run: The function.
        inputs: Example inputs by name. Their first axis is free and longer than 1.
        outputs: Names of the outputs.
        free: Further free axes.
    """

    def __init__(
        self, owner: nn.Module, run: TensorFunction, inputs: dict[str, Tensor], outputs: tuple[str, ...], *free: int
    ) -> None:
        super().__init__()
        self.owner = owner
        self.run = run
        self.inputs = inputs
        self.outputs = outputs
        self.axes = (0, *free)
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        """Compute the outputs."""
        return self.run(*values)

    def shapes(self) -> dict[str, list[int | str]]:
        """Return the shapes of the inputs, with "any" for free axes."""
        shapes: dict[str, list[int | str]] = {}
        for name, value in self.inputs.items():
            shapes[name] = ["any" if axis in self.axes else size for axis, size in enumerate(value.shape)]
        return shapes

    def write(self, path: Path) -> None:
        """Write the file, read it back with ONNX Runtime, and compare its results with those of torch.

        Raises:
            ExportError: torch cannot export the function, or the results differ.
        """
        import onnxruntime

        axes = dict.fromkeys(self.axes, torch.export.Dim.DYNAMIC)
        example = tuple(self.inputs.values())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch warns about its own code
                exported_program = torch.export.export(
                    self, example, dynamic_shapes=((axes,) * len(example),), strict=False
                )
                names: dict[str, Any] = {"input_names": list(self.inputs), "output_names": self.outputs}
                onnx_program: Any = torch.onnx.export(exported_program, dynamo=True, verbose=False, **names)
                for node in onnx_program.model.graph.all_nodes():
                    node.metadata_props.clear()  # they contain paths of this computer
                onnx_program.save(path, external_data=False)
        except (RuntimeError, ValueError, TypeError, torch.onnx.OnnxExporterError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
            reason = first_line(cause)
            raise ExportError(f"torch cannot write {path.name} of this model as ONNX: {reason}.") from error
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        for batch_size in (1, len(example[0])):
            values = {name: value[:batch_size] for name, value in self.inputs.items()}
            expected_outputs = self(*values.values())
            outputs = session.run(None, {name: value.numpy() for name, value in values.items()})
            for name, expected_output, output in zip(self.outputs, expected_outputs, outputs, strict=True):
                tolerance = 10 * TOLERANCE if name == "features" else TOLERANCE
                _check_equal(f"{name} of {path.name}", expected_output.numpy(), output, tolerance)


def head_graphs(model: AttentionModel) -> dict[str, Graph]:
    """Return the graphs of a head in evaluation mode, by name of their file.

    ``step.onnx`` maps (B, 2F, rows, columns) features and the states to (B,) scores, (B, h, w) maps and the next
    states. ``start.onnx`` exists for models that need the whole video. It maps (N, 2F, rows, columns) features to the
    first states.
    """

    def start(features: Tensor) -> tuple[Tensor, ...]:
        return model.initial_state(1, model.fusion(features)[None], features)

    def step(features: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        step_output = model.step(model.fusion(features), states)
        return step_output.score, step_output.attention, *step_output.state

    shape = (3, model.sizes.feature_channels, *model.sizes.grid)
    features = torch.rand(shape, generator=torch.Generator().manual_seed(0))  # not negative, since some are times
    with torch.no_grad():
        first_states = model.initial_state(3, model.fuse(features[:, None]), features)
    # clones: states that share memory would become one input
    states = {f"state_{index}": state.clone() for index, state in enumerate(first_states)}
    outputs = ("score", "map", *(f"next_{index}" for index in range(len(first_states))))
    graphs = {"step.onnx": Graph(model, step, {"features": features, **states}, outputs)}
    if model.needs.whole_video:
        graphs["start.onnx"] = Graph(model, start, {"features": features}, tuple(states))
    return graphs


def backbone_graphs(checkpoint: Checkpoint) -> dict[str, Graph]:
    """Return the graphs of the backbones: ``appearance.onnx``, and ``motion.onnx`` unless they are space-time networks.

    Both map raw uint8 values to features; they include the normalisation, and the resizing of flow.
    """
    streams = trained_streams(checkpoint)
    config = checkpoint.config
    clip = backbone(config.backbone.name).clip if config.backbone else None
    side = streams.input_px

    def appearance(rgb: Tensor) -> tuple[Tensor, ...]:
        normalised_rgb = streams.appearance_normalisation.apply(rgb.float())
        features = streams.appearance(normalised_rgb)
        return (features.half().float(),)

    def motion(flow: Tensor) -> tuple[Tensor, ...]:
        normalised_flow = motion_input(flow, streams.motion_normalisation, side)
        features = streams.motion(normalised_flow)
        return (features.half().float(),)

    random = torch.Generator().manual_seed(0)
    frames = [] if clip is None else [clip.n_frames]
    rgb = torch.randint(0, 256, (2, 3, *frames, side, side), dtype=torch.uint8, generator=random)
    graphs = {"appearance.onnx": Graph(streams.appearance, appearance, {"rgb": rgb}, ("features",))}
    if clip is None:
        flow = torch.randint(0, 256, (2, 2 * config.n_fields, 48, 64), dtype=torch.uint8, generator=random)
        graphs["motion.onnx"] = Graph(streams.motion, motion, {"flow": flow}, ("features",), 2, 3)
    return graphs


def refuse_tracks(config: CheckpointConfig) -> None:
    """Refuse a model that needs tracks, which the files neither find nor measure.

    Raises:
        ExportError: The model crops its input around tracks, or adds measures of tracks to its score.
    """
    crop = config.preprocessing.crop
    if crop:
        raise ExportError(f"ONNX files cannot crop: the model sees the picture around the {crop}.")
    if config.tracks is not None:
        raise ExportError("ONNX files cannot measure tracks, and the model adds such measures to its score.")


def export_onnx(checkpoint_folder: Path, folder: Path, example: Path | None = None) -> ExportedFile:
    """Write a checkpoint as a new folder of ONNX files, each checked against torch.

    Args:
        checkpoint_folder: The checkpoint.
        folder: Folder to make.
        example: Video whose inputs and results are written too, as an example; the files must give the same results.

    Raises:
        CheckpointError: The checkpoint is damaged, or its backbones are not on this computer.
        ExportError: The folder exists or cannot be written, a package is missing, or a part cannot be exported.
    """
    try:
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(f"ONNX files need {error.name}. Install it: pip install 'skillviewer[onnx]'.") from error
    if path_exists(folder):
        raise ExportError(f"There is something at {folder} already: choose another name for the folder.")
    checkpoint = load_checkpoint(checkpoint_folder)
    refuse_tracks(checkpoint.config)
    model = checkpoint.build()
    graphs = backbone_graphs(checkpoint) | head_graphs(model)
    with os_error_as(ExportError, f"{folder} could not be written"), atomic_folder(folder) as temp_folder:
        for name, graph in graphs.items():
            graph.write(temp_folder / name)
        (temp_folder / "model.json").write_bytes(_description(checkpoint, model, graphs))
        for name in ("run.py", "prepare.py", "README.md"):
            shutil.copyfile(resources_dir() / "onnx" / name, temp_folder / name)
        if example is not None:
            _write_example(checkpoint, example, temp_folder)
        files = sorted(temp_folder.iterdir())
        names = [file.name for file in files]
        n_bytes = sum(file.stat().st_size for file in files)
    return ExportedFile(folder, (format_size(n_bytes), *names))


def _description(checkpoint: Checkpoint, model: AttentionModel, graphs: dict[str, Graph]) -> bytes:
    config = checkpoint.config
    card = checkpoint.card
    clip_fields = None
    if config.backbone:
        clip = backbone(config.backbone.name).clip
        clip_fields = None if clip is None else clip._asdict()
    first_states: tuple[Tensor, ...] = ()
    if not model.needs.whole_video:
        first_states = tuple(model.initial_state(1, None, graphs["step.onnx"].inputs["features"]))
    description = {
        "format": 1,
        "program": f"SkillViewer {__version__}",
        "checkpoint": {"name": checkpoint.name, "sha256": checkpoint.digest},
        "learnt": {"attention_model": config.attention_model, "task": card.task, "criterion": card.criterion},
        "direction": "A higher score is more skill. Only the order of scores has a meaning.",
        "files": {name: {"inputs": graph.shapes(), "outputs": graph.outputs} for name, graph in graphs.items()},
        # JSON has no -inf; the lowest number has the same effect
        "first_states": [torch.nan_to_num(state[0]).tolist() for state in first_states],
        "map": {"kind": model.map_kind, "grid": model.grid, "rectangle": model.map_rect},
        "preprocessing": config.preprocessing,
        "frame": frame_facts(checkpoint),
        "clip": clip_fields,
        "backbone": config.backbone,
    }
    return msgspec.json.format(msgspec.json.encode(description), indent=1)


def frame_facts(checkpoint: Checkpoint) -> dict[str, int | None]:
    """Return the size of resized frames, the side of the square cut out of their centre, and the number of fields."""
    if checkpoint.config.on_snippets:
        return {"width": SIZE_PX[0], "height": SIZE_PX[1], "crop": CROP_PX, "n_fields": N_FIELDS}
    side = checkpoint.config.preprocessing.input_px
    return {"width": side, "height": side, "crop": None, "n_fields": checkpoint.config.preprocessing.flow.length}


def _write_example(checkpoint: Checkpoint, video: Path, folder: Path) -> None:
    preprocessing = checkpoint.config.preprocessing
    extractor = FeatureExtractor.lazy(checkpoint, torch.device("cpu"))
    with VideoReader(video) as reader, Engine.open(checkpoint.folder, "cpu") as engine:
        analysis = engine.assess(video, reader=reader)
        sampling = sampling_of(reader.info, preprocessing, 1)
        samples = stream_inputs(
            reader,
            preprocessing,
            frame_line=sampling.timeline,
            positions=np.unique(sampling.positions),
            size=extractor.frame_size,
            clip=extractor.clip,
            crop=sampling.crop,
        )
        inputs_by_position = {sample.position: (sample.rgb, sample.flow) for sample in samples}
    if checkpoint.config.on_snippets:
        inputs_by_position = {
            position: centre_of_snippet(make_snippet(rgb, flow)) for position, (rgb, flow) in inputs_by_position.items()
        }
    first_pass = [inputs_by_position[position] for position in sampling.positions[0].tolist()]
    rgb_frames = np.stack([rgb for rgb, _ in first_pass])
    inputs = {"rgb": np.moveaxis(rgb_frames, -1, 1), "flow": np.stack([flow for _, flow in first_pass])}
    results = {"score_curve": analysis.score_curve[0], "maps": analysis.attention[0]}
    np.savez_compressed(folder / "example.npz", **inputs, **results)  # type: ignore[arg-type]
    run_example = runpy.run_path(str(folder / "run.py"))["run"]
    for name, onnx_result in zip(results, run_example(folder, **inputs), strict=True):
        _check_equal(f"{name} of the example", results[name], onnx_result)


def _check_equal(
    quantity: str,
    expected_output: Any,  # noqa: ANN401 - an array
    actual: Any,  # noqa: ANN401 - an array
    tolerance: float = TOLERANCE,
) -> None:
    """Raise an ExportError if two arrays differ by more than the tolerance."""
    if expected_output.shape != actual.shape or not np.allclose(
        expected_output, actual, rtol=tolerance, atol=tolerance
    ):
        raise ExportError(f"ONNX Runtime computes {quantity} differently from torch, so nothing is written.")
