"""Card of a checkpoint that was just trained."""

from datetime import UTC, datetime

from skillviewer import __version__
from skillviewer.core.dataset.pairs import Dataset, Fold, videos_of
from skillviewer.nets.configuration import ModelCard


def card_of(
    name: str,
    dataset: Dataset,
    fold: Fold,
    data: str,
    seed: int,
    preset: str,
) -> ModelCard:
    """Return the card of a checkpoint that this program makes now, without its results.

    Args:
        name: Of the checkpoint.
        dataset: What it was trained for.
        fold: What it was trained on.
        data: The same in words.
        seed: Of the training.
        preset: Entry in PRESETS.
    """
    return ModelCard(
        name=name,
        task=dataset.task,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        program=f"SkillViewer {__version__}",
        training_data=data.strip(),
        n_videos=len(videos_of(fold.train_pairs)),
        n_pairs=len(fold.train_pairs),
        held_out=None,
        seed=seed,
        preset=preset,
    )
