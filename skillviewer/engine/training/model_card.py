"""What is known of a checkpoint that was just trained."""

from collections.abc import Sequence
from datetime import UTC, datetime

from skillviewer import __version__
from skillviewer.core.dataset.pairs import Dataset, Fold, videos_of
from skillviewer.nets.configuration import HeldOut, ModelCard


def card_of(
    name: str,
    dataset: Dataset,
    fold: Fold,
    data: str,
    seed: int,
    preset: str,
    *,
    held_out: HeldOut | None = None,
    ceilings: Sequence[tuple[str, float]] = (),
    notes: str = "",
) -> ModelCard:
    """Return the card of a checkpoint that this program makes now.

    Args:
        name: Of the checkpoint.
        dataset: What it was trained for.
        fold: What it was trained on.
        data: The same in words.
        seed: Of the training.
        preset: Entry in PRESETS.
        held_out: How it did on pairs that were held out, or None.
        ceilings: What ordering by known numbers gets on these.
        notes: What else a person should know.
    """
    return ModelCard(
        name=name,
        task=dataset.task,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        program=f"SkillViewer {__version__}",
        training_data=data.strip(),
        n_videos=len(videos_of(fold.train_pairs)),
        n_pairs=len(fold.train_pairs),
        held_out=held_out,
        ceilings=tuple(ceilings),
        seed=seed,
        preset=preset,
        notes=notes,
    )
