"""Contract tests of the entries of SkillViewer's tables, for its own and for those of plug-ins (docs/plugins.md).

A check raises ``AssertionError`` where an entry does not keep what its table promises.
"""

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import torch
from torch import Tensor, nn

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import Cancelled, DatasetError, ExportError, SkillViewerError, VideoError
from skillviewer.core.evaluation.accuracy import FoldScores
from skillviewer.core.evaluation.metrics import Metric, reference
from skillviewer.core.paths import resources_dir
from skillviewer.core.progress import CancelToken
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.formats.choices import DEFAULT_CHOICES
from skillviewer.data.formats.formats import DATASET_FORMATS, DatasetFormat
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.exporters import Exporter
from skillviewer.export.options import options_of
from skillviewer.export.read_back import read_back
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.backbones.backbone_entry import BackboneEntry
from skillviewer.nets.losses import PairBatch
from skillviewer.nets.models import NUMERIC_INPUTS, AttentionEntry, InputKind
from skillviewer.nets.presets import LossSettings
from skillviewer.nets.sizes import HeadSizes

SMALL = HeadSizes(
    6, (4, 6), 7, 5, 4, 3, 2, cbam_hidden=9, cbam_reduction=2, cbam_spatial=3, sca_embed=8, tsn_hidden=(8, 7),
    raan_hidden=5, raan_filters=3,
)  # fmt: skip
"""Sizes of small models: every one different, so that none can stand in for another."""

N_FRAMES = 8
_PAIRS = PairBatch.of([(0, 1, 1), (1, 2, -1), (2, 0, 1)], similar=[(0, 2)])
_SWAPPED = PairBatch.of([(1, 0, -1), (2, 1, 1), (0, 2, -1)], similar=[(2, 0)])


def small_sizes(entry: AttentionEntry, sizes: HeadSizes = SMALL) -> HeadSizes:
    """Return the sizes with the input form of a model on numbers."""
    own = entry.paper_sizes if entry.inputs in NUMERIC_INPUTS else None
    return replace(sizes, feature_channels=own.feature_channels, grid=(1, 1)) if own else sizes


def scramble(model: nn.Module, seed: int = 0) -> None:
    """Give every parameter and statistic a value that matters, also those that begin at 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                values = 0.5 * torch.randn(tensor.shape, generator=generator)
                tensor.copy_(values.abs() + 0.5 if name.endswith(("running_var", "scale")) else values)


def small_model(entry: AttentionEntry, sizes: HeadSizes = SMALL, seed: int = 0) -> AttentionModel:
    """Return a small model with scrambled weights, in evaluation mode."""
    model = entry.build(small_sizes(entry, sizes)).eval()
    scramble(model, seed)
    return model


def small_features(
    entry: AttentionEntry, batch: int = 3, n_frames: int = N_FRAMES, sizes: HeadSizes = SMALL, seed: int = 1
) -> Tensor:
    """Return features (B, N, 2F, rows, columns), or ascending times for a model that takes time."""
    own, generator = small_sizes(entry, sizes), torch.Generator().manual_seed(seed)
    if entry.inputs in NUMERIC_INPUTS:
        values = torch.rand(batch, n_frames, own.feature_channels, 1, 1, generator=generator)
        return values.cumsum(1) * 10 if entry.inputs is InputKind.TIME else values * 3
    return torch.randn(batch, n_frames, own.feature_channels, *own.grid, generator=generator)


def check_attention_model(entry: AttentionEntry) -> None:
    """Check shapes, kind of map, steps, declared use of frames and memory, loss, phases and replaced maps."""
    model, features = small_model(entry), small_features(entry)
    with torch.no_grad():
        _check_outputs(entry, model, features)
        _check_steps(model, features)
        _check_declared(model, features)
    updated = sorted(id(parameter) for phase in model.phases() for parameter in phase.parameters)
    assert updated == sorted(map(id, model.parameters())), "the phases do not share out the parameters"
    _check_learning(entry, features)
    tiny = replace(SMALL, grid=(2, 2))  # the features of 64 pixels, which the fusion makes one cell
    single = small_model(entry, tiny).train()
    assert single.grid == (1, 1)
    single.loss(small_features(entry, sizes=tiny), PairBatch.of([(0, 1, 1)], []), LossSettings()).loss.backward()  # type: ignore[no-untyped-call]


def _check_outputs(entry: AttentionEntry, model: AttentionModel, features: Tensor) -> None:
    out, (n_videos, n_frames) = model(features), features.shape[:2]
    assert out.attention.shape == (n_videos, n_frames, *model.grid)
    assert out.task_state.shape[:2] == out.score_curve.shape == (n_videos, n_frames)
    assert out.score.shape == (n_videos,)
    assert all(torch.isfinite(values).all() for values in out), "not finite"
    assert entry.map_kind is model.map_kind, "the entry states another kind of map than the model"
    maps, kind = out.attention, model.map_kind
    sums, uniform = maps.sum(dim=(2, 3)), 1 / (model.grid[0] * model.grid[1])
    if kind is MapKind.DISTRIBUTION:
        torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-5, rtol=0)
        assert maps.min() >= 0
        assert maps.std(dim=(2, 3)).max() > 1e-3, "a constant map"
    elif kind is MapKind.GATE:
        assert 0 < maps.min() <= maps.max() < 1
        assert not torch.allclose(sums, torch.ones_like(sums), atol=1e-2), "a distribution"
    elif kind is MapKind.SIGNED:
        assert maps.min() < 0 < maps.max()
    else:
        torch.testing.assert_close(maps, torch.full_like(maps, uniform))
    half = model(features.half()).score
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, model(features.half().float()).score, atol=1e-6, rtol=1e-6)


def _check_steps(model: AttentionModel, features: Tensor) -> None:
    """One frame after the other gives the numbers of all at once; so does a step that is given its own map."""
    whole = model(features)
    assert all(torch.equal(a, b) for a, b in zip(model(features), whole, strict=True)), "not the same twice"
    fused = torch.cat([model.fuse(features[:, t : t + 1]) for t in range(features.shape[1])], dim=1)
    state = given = model.initial_state(len(fused), fused if model.needs.whole_video else None, features)
    for t, fused_t in enumerate(fused.unbind(1)):
        out, same = model.step(fused_t, state), model.step(fused_t, given, whole.attention[:, t])
        if model.map_kind is not MapKind.NONE and t == 0:
            other = model.step(fused_t, state, out.attention * 3)
            torch.testing.assert_close(other.attention, out.attention * 3)
            assert not torch.allclose(out.score, other.score), "a replaced map changes no score"
        state, given = out.state, same.state
        assert all(len(part) == len(fused) for part in state), "the batch is not the first axis of the memory"
        torch.testing.assert_close(out.attention, whole.attention[:, t])
        torch.testing.assert_close(out.task_state, whole.task_state[:, t])
        torch.testing.assert_close(out.score, whole.score_curve[:, t])
        torch.testing.assert_close(same.score, whole.score_curve[:, t])


def _check_declared(model: AttentionModel, features: Tensor) -> None:
    whole, changed, order = model(features), features.clone(), torch.tensor([5, 2, 7, 0, 1, 6, 3, 4])
    ignores = torch.allclose(model(features[:, :5]).score, whole.score_curve[:, 4], atol=1e-5)
    assert ignores != model.needs.whole_video, f"needs.whole_video is {model.needs.whole_video}"
    changed[:, 4] += 1
    fused = [model.fuse(values) for values in (features, changed)]
    first = model.initial_state(len(features), fused[0] if model.needs.whole_video else None, features)
    before, after = (_maps(model, values, first) for values in fused)  # from one first state, which may see all frames
    assert torch.equal(before[:, 4], after[:, 4]) != model.needs.frame, f"needs.frame is {model.needs.frame}"
    assert torch.equal(before[:, :4], after[:, :4]), "a map sees later frames"
    same = torch.allclose(whole.attention[:, order], model(features[:, order]).attention, atol=1e-6)
    assert same != model.needs.memory, f"needs.memory is {model.needs.memory}"


def _maps(model: AttentionModel, fused: Tensor, state: tuple[Tensor, ...]) -> Tensor:
    maps = []
    for fused_t in fused.unbind(1):
        out = model.step(fused_t, state)
        state = out.state
        maps.append(out.attention)
    return torch.stack(maps, dim=1)


def _check_learning(entry: AttentionEntry, features: Tensor) -> None:
    """Swapping the videos of pairs changes no loss, one seed gives one model, and training lowers the loss."""
    torch.manual_seed(0)
    model = entry.build(replace(small_sizes(entry), dropout=0.0))
    torch.manual_seed(0)
    again = entry.build(replace(small_sizes(entry), dropout=0.0)).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in model.state_dict().items()), "chance beyond the seed"
    for dropout in (module for module in model.modules() if isinstance(module, nn.Dropout)):
        dropout.p = 0.0  # the loss must fall by learning
    phases, settings = model.phases(), LossSettings()
    summed = LossSettings(reduction="sum", attention_penalty=0.1)
    for phase, how in ((phase, how) for phase in phases for how in (settings, summed)):
        loss = model.eval().loss(features, _PAIRS, how, phase.name).loss
        torch.testing.assert_close(loss, model.loss(features, _SWAPPED, how, phase.name).loss)
    model.train()

    def value() -> float:
        with torch.no_grad():
            return sum(float(model.loss(features, _PAIRS, settings, phase.name).loss) for phase in phases)

    optimisers, start = [torch.optim.Adam(phase.parameters, lr=0.05) for phase in phases], value()
    for step in range(16):
        out = model.loss(features, _PAIRS, settings, phases[step % len(phases)].name)
        assert out.score.shape == (len(features),)
        optimisers[step % len(phases)].zero_grad()
        out.loss.backward()  # type: ignore[no-untyped-call]
        optimisers[step % len(phases)].step()
    # the three pairs form a cycle: no model orders them all, and a single number cannot even order two
    assert value() < start - (0.0 if entry.inputs is InputKind.TIME else 1e-3), "training does not lower the loss"


def check_backbone(entry: BackboneEntry, input_px: int = 224) -> None:
    """Check channels and grid of the output, for pictures and for a flow stack of 20 channels."""
    frames = [entry.clip.n_frames] if entry.clip is not None else []
    for in_channels in (3,) if frames else (3, 20):
        with torch.device("meta"), torch.no_grad():
            trunk = entry.make(in_channels).eval()
            found = tuple(trunk(torch.empty(1, in_channels, *frames, input_px, input_px)).shape)
        assert found == (1, entry.n_channels, *entry.grid(input_px)), f"gives {found}"
        assert trunk.state_dict()[entry.first_convolution].shape[1] == in_channels
    assert entry.least_px <= input_px


def check_metric(metric: Metric) -> None:
    """Check that a metric is a number or NaN for right, reversed, equal, missing and endless scores."""
    names = ["A1", "B1", "B2", "B3", "B4"]  # the first is the best, the letter is the participant
    pairs = tuple(Pair(better, worse) for better, worse in combinations(names, 2))
    dataset = Dataset("ranked", "pair-folder", "", tuple(DatasetVideo(n, None, n[0]) for n in names), pairs)
    fold, truth = fold_of("1", names, names[1:], pairs), reference(dataset)
    right = {name: -float(at) for at, name in enumerate(names)}
    for scores in (right, {name: -value for name, value in right.items()}, *(dict.fromkeys(names, x) for x in _VALUES)):
        value = metric.measure(FoldScores(fold, scores), truth)
        assert isinstance(value, float), f"{value!r} is no number"
        assert not metric.percent or math.isnan(value) or 0 <= value <= 1, f"{value} is no share"
        assert repr(metric.measure(FoldScores(fold, scores), truth)) == repr(value), "not the same twice"
    assert metric.column
    assert metric.title


_VALUES = (1.0, float("nan"), float("inf"))


def check_dataset_form(form: DatasetFormat, example: Path, empty: Path) -> None:
    """Check that a form opens an example and nothing else, and refuses damaged files in one sentence.

    Args:
        form: The form.
        example: Folder or file in this form.
        empty: Folder without files, which is written to.
    """
    data = form.load(example, None, DEFAULT_CHOICES)
    assert (data.form, data.task in form.tasks(example)) == (form.name, True)
    assert data.pairs
    assert all(pair.within(data.names) and pair.better != pair.worse for pair in data.pairs)
    assert [one.name for one in DATASET_FORMATS if one.name != form.name and one.recognise(example)] == []
    for path in (empty, empty / "missing", empty / f"clip{example.suffix}"):
        assert form.tasks(path) == ()
        _refused(DatasetError, lambda path=path: form.load(path, None, DEFAULT_CHOICES))  # type: ignore[misc]
    copy = empty / "copy" / example.name
    (shutil.copytree if example.is_dir() else _copied)(example, copy)
    for file in [file for file in (copy.rglob("*") if copy.is_dir() else (copy,)) if file.is_file()]:
        whole = file.read_bytes()
        for damaged in (b"", whole[: len(whole) // 2], whole + b"\xff\x00,;\n", whole.replace(b"\n", b"\n\n,")):
            file.write_bytes(damaged)
            try:
                form.tasks(copy)
                form.load(copy, None, DEFAULT_CHOICES)
            except SkillViewerError:
                continue  # any other error is a failure of the check
        file.write_bytes(whole)


def _copied(source: Path, target: Path) -> None:
    target.parent.mkdir()
    shutil.copy(source, target)


def _refused(kind: type[Exception], call: Callable[[], object]) -> str:
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


def sample_videos(n: int = 1) -> list[AnalysedVideo]:
    """Return analysed videos of the sample study, without evidence."""
    folder = resources_dir() / "sample_study"
    videos = [folder / "videos" / f"{at:03d}.mp4" for at in range(n)]
    found = [load_analysis(folder / "analyses" / f"{video.stem}.analysis.npz") for video in videos]
    return [AnalysedVideo(_at(one, video), video.stem) for one, video in zip(found, videos, strict=True)]


def _at(analysis: Analysis, path: Path) -> Analysis:
    return analysis.with_video(replace(analysis.video, path=path))


def check_exporter(
    made: Exporter, folder: Path, videos: Sequence[AnalysedVideo] | None = None, options: object = None
) -> None:
    """Check that an exporter writes readable files, the same twice, replaces none unasked, and leaves nothing behind.

    Args:
        made: The exporter.
        folder: Folder without files, which is written to.
        videos: As many analyses as it takes at least, and one more; by default ``sample_videos``.
        options: Its options, or None for the defaults.
    """
    several = list(videos if videos is not None else sample_videos(made.least + 1))
    least, written = several[: made.least], folder / "a 'b' $d ü 手術"
    for suffix in made.suffixes:
        path, again = written / f"one{suffix}", folder / f"again{suffix}"
        assert made.export(least, path, options) == path
        assert [file.name for file in written.iterdir()] == [path.name], "other files are left"
        assert read_back(path)
        assert made.export(least, again, options).read_bytes() == path.read_bytes(), "not the same twice"
        path.write_bytes(b"mine")
        _refused(ExportError, lambda path=path: made.export(least, path, options))  # type: ignore[misc]
        assert path.read_bytes() == b"mine", "a file was replaced unasked"
        made.export(least, path, options, overwrite=True).unlink()
    token, path = CancelToken(), written / f"two{made.suffixes[0]}"
    token.cancel()
    _refused(Cancelled, lambda: made.export(least, path, options, token=token))
    _refused(ExportError, lambda: made.export(least, written / "one.xyz", options))
    _refused(ExportError, lambda: made.export([], path, options))
    gone = [replace(e, analysis=_at(e.analysis, folder / "gone.mp4"), source=None) for e in least]
    if made.needs_video:
        _refused(VideoError, lambda: made.export(gone, path, options))
    assert list(written.iterdir()) == [], "a refused export leaves files"
    if not made.takes_several:
        _refused(ExportError, lambda: made.export(several, path, options))
    for option in options_of(made.options):
        assert option.title[0].isupper()
        assert option.default is None or option.low is None or option.default >= option.low
