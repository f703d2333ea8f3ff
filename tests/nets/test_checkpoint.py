"""Checkpoint folders: what is saved comes back, and everything else is refused in words."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as save_tensors

from skillviewer.core.analysis.familiarity import TrainingFeatureStats, learn_familiarity
from skillviewer.core.errors import CheckpointError
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.nets.backbones.backbone_weights import (
    BackboneWeights,
    changed_weights,
    random_backbone_weights,
    weights_digest,
)
from skillviewer.nets.backbones.backbones import backbone
from skillviewer.nets.backbones.two_stream import FLOW_ACROSS_MODALITIES, UNIT
from skillviewer.nets.checkpoint import Checkpoint, CheckpointExtras, load_checkpoint, save_checkpoint
from skillviewer.nets.configuration import BackboneConfig, CheckpointConfig
from skillviewer.nets.model_card import HeldOut, ModelCard, load_card
from skillviewer.nets.model_library import checkpoint_digest
from skillviewer.nets.models import ATTENTION_MODELS, NUMERIC_INPUTS, attention_model
from tests.nets.small import SMALL, small_features, small_model, small_sizes

SIDE = 128
LITE = backbone("efficientnet-lite0")
PREPROCESSING = Preprocessing(n_segments=8, input_px=SIDE, flow=FlowSettings("dis", length=2))
CARD = ModelCard(
    name="Small",
    task="peg",
    created="2026-01-02T03:04:05+00:00",
    program="SkillViewer 0.1.0",
    training_data="none",
    n_videos=3,
    n_pairs=2,
    held_out=HeldOut(accuracy=0.8, low=0.6, high=0.9, n_pairs=20, rule="4 folds by participant, inner"),
    ceilings=(("quality", 0.9), ("duration", 0.5)),
)


@pytest.fixture(scope="module")
def weights() -> BackboneWeights:
    return random_backbone_weights(LITE.name, seed=0)


def configuration(name: str = "full", base: BackboneWeights | None = None) -> CheckpointConfig:
    timed = attention_model(name).inputs in NUMERIC_INPUTS
    sizes = small_sizes(attention_model(name), replace(SMALL, feature_channels=640, grid=LITE.grid(SIDE)))
    streams = BackboneConfig(
        name=LITE.name,
        appearance_digest=base.digest if base else "0" * 64,
        motion_digest=base.digest if base else "0" * 64,
        appearance_normalisation=LITE.normalisation,
        motion_normalisation=FLOW_ACROSS_MODALITIES,
    )
    return CheckpointConfig(
        attention_model=name,
        sizes=sizes,
        preprocessing=PREPROCESSING,
        backbone=None if timed else streams,
        preset="paper",
    )


def saved(folder: Path, name: str = "full", **options: object) -> Checkpoint:
    config = configuration(name)
    return save_checkpoint(folder, config, small_model(name, config.sizes), CARD, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("name", [entry.name for entry in ATTENTION_MODELS])
def test_every_model_comes_back(tmp_path: Path, name: str, half: bool) -> None:
    config = configuration(name)
    model = small_model(name, config.sizes)
    saved(tmp_path / "m", name, half=half)
    loaded = load_checkpoint(tmp_path / "m")
    again = loaded.build()
    features = small_features(name, sizes=config.sizes)
    with torch.inference_mode():
        before, after = model(features), again(features)
    for one, other in zip(before, after, strict=True):
        # matrices of normal numbers lose 2^-11 of their size; the sums over 640 channels somewhat more, and what a
        # scale makes larger loses more by it
        share = 0.06 if "log_scale" in model.state_dict() else 0.02
        torch.testing.assert_close(one, other, atol=share * float(one.abs().max()) * half, rtol=0)
    assert loaded.config == msgspec.structs.replace(config, weights_sha256=loaded.config.weights_sha256)
    assert loaded.card == msgspec.structs.replace(CARD, attention_model=name) == load_card(tmp_path / "m")
    assert loaded.card.accuracy == 0.8
    assert (loaded.map_kind, loaded.map_rect) == (model.map_kind, model.map_rect)
    assert (loaded.name, loaded.familiarity, loaded.streams) == ("m", None, {})
    assert not again.training
    assert all(p.requires_grad for p in again.parameters())


def test_built_models_do_not_share_weights(tmp_path: Path) -> None:
    loaded = saved(tmp_path / "m")
    with torch.no_grad():
        for parameter in loaded.build().parameters():
            parameter.zero_()
    assert any(bool(p.any()) for p in loaded.build().parameters())


def test_matrices_alone_are_stored_in_half_precision(tmp_path: Path) -> None:
    saved(tmp_path / "m", half=True)
    tensors = load_file(tmp_path / "m" / "weights.safetensors")
    assert {t.dtype for t in tensors.values() if t.ndim > 1} == {torch.float16}
    assert {t.dtype for t in tensors.values() if t.ndim < 2} == {torch.float32}
    assert {t.dtype for t in load_checkpoint(tmp_path / "m").head.values()} == {torch.float32}


def test_digest_follows_weights_and_configuration_and_not_the_card(tmp_path: Path) -> None:
    first = saved(tmp_path / "a")
    assert first.digest == checkpoint_digest(tmp_path / "a") == saved(tmp_path / "b").digest
    config = configuration()
    other = msgspec.structs.replace(config, precision="bfloat16")
    changed = save_checkpoint(tmp_path / "c", other, small_model("full", config.sizes), CARD)
    trained = save_checkpoint(tmp_path / "d", config, small_model("full", config.sizes, seed=1), CARD)
    card = msgspec.structs.replace(CARD, notes="looked at")
    noted = save_checkpoint(tmp_path / "e", config, small_model("full", config.sizes), card)
    assert len({first.digest, changed.digest, trained.digest}) == 3
    assert noted.digest == first.digest


def test_familiarity_comes_back(tmp_path: Path) -> None:
    pooled = np.random.default_rng(0).normal(size=(9, 640)).astype(np.float32)
    familiarity = learn_familiarity(pooled)
    found = saved(tmp_path / "m", extras=CheckpointExtras(familiarity=familiarity)).familiarity
    assert isinstance(familiarity, TrainingFeatureStats)
    assert isinstance(found, TrainingFeatureStats)
    np.testing.assert_array_equal(found.mean, familiarity.mean)
    np.testing.assert_array_equal(found.scale, familiarity.scale)
    assert found.limit == familiarity.limit
    assert found.warning(pooled[0] + 100) == familiarity.warning(pooled[0] + 100) != ""


def test_nothing_is_replaced_unasked_and_nothing_is_left_beside(tmp_path: Path) -> None:
    first = saved(tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"something at .*m already"):
        saved(tmp_path / "m", "none")
    assert load_checkpoint(tmp_path / "m").digest == first.digest
    assert saved(tmp_path / "m", "none", replace=True).config.attention_model == "none"
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == [
        "MODEL_CARD.md",
        "card.json",
        "config.json",
        "weights.safetensors",
    ]


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = saved(tmp_path / "m")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match=r"could not be written to .*No space left"):
        saved(tmp_path / "m", "none", replace=True)
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "m").digest == first.digest
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_a_save_that_fails_at_the_very_end_puts_the_old_checkpoint_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved(tmp_path / "m")
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.name == target.name == "m":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(CheckpointError, match=r"written.*Permission denied"):
        saved(tmp_path / "m", "none", replace=True)
    assert load_checkpoint(tmp_path / "m").digest == first.digest
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_weights_of_a_diverged_training_are_not_saved(tmp_path: Path) -> None:
    config = configuration()
    model = small_model("full", config.sizes)
    with torch.no_grad():
        model.get_submodule("weigh").weight[0, 0] = torch.nan  # type: ignore[operator]
    with pytest.raises(CheckpointError, match=r"weigh\.weight.*diverged"):
        save_checkpoint(tmp_path / "m", config, model, CARD)
    assert not list(tmp_path.iterdir())


def test_a_model_that_the_configuration_does_not_describe_is_not_saved(tmp_path: Path) -> None:
    config = configuration()
    with pytest.raises(CheckpointError, match="“full”"):
        save_checkpoint(tmp_path / "m", config, small_model("none", config.sizes), CARD)
    assert not list(tmp_path.iterdir())


Damage = Callable[[Path], object]


def edited(file: str, **changes: object) -> Damage:
    """Change fields of a JSON file; ``a__b`` lies within a, and None removes."""

    def damage(folder: Path) -> None:
        values = json.loads((folder / file).read_text())
        for name, value in changes.items():
            *path, last = name.split("__")
            inside = values
            for step in path:
                inside = inside[step]
            if value is None:
                del inside[last]
            else:
                inside[last] = value
        (folder / file).write_text(json.dumps(values))

    return damage


def flipped(folder: Path) -> None:
    path = folder / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 0x40
    path.write_bytes(bytes(data))


def rewritten(data: bytes) -> Damage:
    """Replace the weights, and name them in the configuration."""

    def damage(folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(data)
        edited("config.json", weights_sha256=hashlib.sha256(data).hexdigest())(folder)

    return damage


def with_more(name: str) -> Damage:
    def damage(folder: Path) -> None:
        tensors = load_file(folder / "weights.safetensors")
        rewritten(save_tensors({**tensors, name: torch.zeros(1)}))(folder)

    return damage


def a_folder_for_a_file(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "is no checkpoint: it has no config.json"),
        (lambda f: (f / "weights.safetensors").unlink(), "is no checkpoint: it has no weights.safetensors"),
        (lambda f: (f / "card.json").unlink(), "is no checkpoint: it has no card.json"),
        (lambda f: (f / "config.json").write_text("{"), "config.json is not as this program writes it"),
        (lambda f: (f / "config.json").write_text("[1]"), "config.json is not as this program writes it"),
        (edited("config.json", format=2), "format 2, and this program reads 1. Update SkillViewer"),
        (edited("config.json", format=0), "format 0, and this program reads 1. Train the model again"),
        (edited("config.json", colour="red"), "colour"),
        (edited("config.json", sizes__width=3), "unknown field sizes.width"),
        (edited("config.json", sizes__embed=None), "no field sizes.embed"),
        (edited("config.json", preprocessing__flow__length=None), "no field preprocessing.flow.length"),
        (edited("config.json", sizes__embed="2"), "Expected `int`"),
        (edited("config.json", sizes__embed=0), "embed must be at least 1"),
        (edited("config.json", precision="float8"), "Invalid enum value 'float8'"),
        (edited("config.json", attention_model="fuller"), "no attention model “fuller”"),
        (edited("config.json", backbone__name="vgg"), "no backbone “vgg”"),
        (edited("config.json", backbone__name="resnet50"), "contradicts itself: resnet50 at 128 pixels gives 4096"),
        (
            edited("config.json", preprocessing__flow__algorithm="guess"),
            "contradicts itself: .*no optical flow “guess”",
        ),
        (edited("config.json", preprocessing__n_segments=0), "contradicts itself: nothing can be sampled"),
        (edited("config.json", backbone=None), "Object missing required field `backbone`"),
        (edited("config.json", attention_model="duration"), "contradicts itself"),
        (edited("config.json", sizes__embed=3), "embed_cell.weight has shape"),
        (edited("config.json", attention_model="none"), "attention_rnn.bias_hh is unknown"),
        (flipped, "damaged or belongs to another checkpoint"),
        (lambda f: (f / "weights.safetensors").write_bytes(b"PK"), "damaged or belongs to another checkpoint"),
        (rewritten(b"PK"), "weights.safetensors is damaged"),
        (with_more("head.more"), "more is unknown"),
        (with_more("tail"), "holds weights that this program does not know: tail"),
        (a_folder_for_a_file, "config.json cannot be read"),
        (edited("card.json", stars=5), "card.json is not as this program writes it"),
        (edited("card.json", seed=None), "no field seed"),
    ],
)
def test_foreign_and_damaged_checkpoints_are_refused_in_words(tmp_path: Path, damage: Damage, words: str) -> None:
    saved(tmp_path / "m")
    damage(tmp_path / "m")
    with pytest.raises(CheckpointError, match=words):
        load_checkpoint(tmp_path / "m")


def test_a_checkpoint_that_says_nothing_of_sampling_samples_as_the_paper(tmp_path: Path) -> None:
    saved(tmp_path / "m")
    edited("config.json", preprocessing__sampling=None)(tmp_path / "m")
    assert load_checkpoint(tmp_path / "m").config.preprocessing.sampling == "paper"
    edited("config.json", preprocessing__sampling="even")(tmp_path / "m")
    assert load_checkpoint(tmp_path / "m").config.preprocessing.sampling == "even"
    edited("config.json", preprocessing__sampling="odd")(tmp_path / "m")
    with pytest.raises(CheckpointError, match="Invalid enum value 'odd'"):
        load_checkpoint(tmp_path / "m")


def test_a_model_of_time_has_no_backbone(tmp_path: Path, weights: BackboneWeights) -> None:
    with pytest.raises(CheckpointError, match="has no backbone"):
        saved(tmp_path / "m", "duration").two_stream(weights)


def test_streams_across_modalities(tmp_path: Path, weights: BackboneWeights) -> None:
    config = configuration(base=weights)
    loaded = save_checkpoint(tmp_path / "m", config, small_model("full", config.sizes), CARD)
    streams = loaded.two_stream(weights)
    stem = streams.motion.state_dict()["_conv_stem.weight"]
    assert stem.shape == (32, 4, 3, 3)
    torch.testing.assert_close(stem.sum(1), weights.state["_conv_stem.weight"].sum(1))
    assert torch.equal(streams.appearance.state_dict()["_conv_stem.weight"], weights.state["_conv_stem.weight"])
    assert streams.motion_normalisation == FLOW_ACROSS_MODALITIES
    assert not streams.training
    other = random_backbone_weights(LITE.name, seed=1)
    with pytest.raises(CheckpointError, match="efficientnet-lite0"):
        loaded.two_stream(other)
    with pytest.raises(CheckpointError, match="efficientnet-lite0"):
        loaded.two_stream(None)


def test_weights_of_its_own_for_flow(tmp_path: Path, weights: BackboneWeights) -> None:
    flow = random_backbone_weights(LITE.name, seed=2, in_channels=4)
    config = configuration(base=weights)
    assert config.backbone is not None
    own = msgspec.structs.replace(config.backbone, motion_digest=flow.digest, motion_normalisation=UNIT)
    config = msgspec.structs.replace(config, backbone=own)
    loaded = save_checkpoint(tmp_path / "m", config, small_model("full", config.sizes), CARD)
    streams = loaded.two_stream(weights, flow)
    assert torch.equal(streams.motion.state_dict()["_conv_stem.weight"], flow.state["_conv_stem.weight"])
    with pytest.raises(CheckpointError, match="needs the weights"):
        loaded.two_stream(weights)
    ten = random_backbone_weights(LITE.name, seed=2, in_channels=20)
    wrong = msgspec.structs.replace(own, motion_digest=ten.digest)
    loaded = save_checkpoint(
        tmp_path / "n", msgspec.structs.replace(config, backbone=wrong), small_model("full", config.sizes), CARD
    )
    with pytest.raises(CheckpointError, match=r"20 channels.*2 flow"):
        loaded.two_stream(weights, ten)


def test_only_what_differs_from_the_named_weights_is_stored(tmp_path: Path, weights: BackboneWeights) -> None:
    config = configuration(base=weights)
    model = small_model("full", config.sizes)
    streams = save_checkpoint(tmp_path / "m", config, model, CARD).two_stream(weights)
    assert changed_weights(streams, weights, weights) == {}
    with torch.no_grad():
        streams.motion.state_dict()["_bn0.running_mean"].fill_(3)
    changed = changed_weights(streams, weights, weights)
    assert list(changed) == ["motion._bn0.running_mean"]
    loaded = save_checkpoint(tmp_path / "n", config, model, CARD, CheckpointExtras(changed), half=True)
    again = loaded.two_stream(weights)
    assert torch.equal(again.motion.state_dict()["_bn0.running_mean"], torch.full((32,), 3.0))
    assert not again.appearance.state_dict()["_bn0.running_mean"].any()


def test_wholly_trained_streams_need_no_other_weights(tmp_path: Path, weights: BackboneWeights) -> None:
    config = configuration(base=weights)
    model = small_model("full", config.sizes)
    streams = save_checkpoint(tmp_path / "m", config, model, CARD).two_stream(weights)
    everything = {
        f"{prefix}.{name}": tensor
        for prefix, trunk in (("appearance", streams.appearance), ("motion", streams.motion))
        for name, tensor in trunk.state_dict().items()
    }
    loaded = save_checkpoint(tmp_path / "n", config, model, CARD, CheckpointExtras(everything))
    again = loaded.two_stream(None)
    assert all(
        torch.equal(a, b) for a, b in zip(again.state_dict().values(), streams.state_dict().values(), strict=True)
    )


def test_digest_of_weights_follows_values_and_not_the_file(weights: BackboneWeights) -> None:
    turned = dict(reversed(weights.state.items()))
    assert weights_digest(turned) == weights.digest
    changed = {**weights.state, "_bn0.bias": weights.state["_bn0.bias"] + 1e-6}
    assert weights_digest(changed) != weights.digest
    assert random_backbone_weights(LITE.name, 0).digest == weights.digest


@pytest.mark.parametrize(("inside", "beside"), [("notes.txt", False), ("videos/a.mp4", False), ("videos/a.mp4", True)])
def test_what_is_no_checkpoint_is_never_replaced(tmp_path: Path, inside: str, beside: bool) -> None:
    folder = tmp_path / "m"
    if beside:
        saved(folder)
    file = folder / inside
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(CheckpointError, match="checkpoint"):
        saved(folder, "none", replace=True)
    assert file.read_text(encoding="utf-8") == "mine"


def test_an_empty_folder_may_become_a_checkpoint_if_asked(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(CheckpointError, match="already"):
        saved(tmp_path / "m")
    assert saved(tmp_path / "m", replace=True).config.attention_model
