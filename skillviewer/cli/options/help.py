"""Help of a command, with its options under headings and two examples at the end."""

import click

from skillviewer.cli.options.examples import EXAMPLES

_MIN_GROUPED = 8
"""Smallest number of options that are grouped under headings."""

_HEADINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Model and output", ("model", "models", "output", "parent", "unfreeze", "accept", "versions", "use")),
    ("Files", ("videos", "videos_dir", "form", "task", "sheet", "header_row", "hidden_rows", "mapping_file", "names")),
    (
        "Columns and scales",
        ("video_column", "participant_column", "rater_column", "occasion_column", "notes_column", "item_column",
         "items", "levels", "scale", "lower_is_better"),
    ),
    (
        "Labels and people",
        ("learn_from", "criterion", "rule", "rating_rule", "smallest_difference", "participants"),
    ),
    (
        "Check",
        ("check", "test", "n_folds", "by", "seeds", "select", "refit", "inner_folds", "scale_folds", "old_pairs",
         "controls", "metrics", "tolerance", "baseline", "checkpoints", "only_cost"),
    ),
    (
        "Frames and features",
        ("preset", "features", "dataset_preset", "backbone", "tsn_backbone", "flow", "motion_weights", "rate",
         "segments", "sampling", "input_px", "stride", "candidates", "n_passes", "start_s", "stop_s"),
    ),
    ("Training", ("epochs", "learning_rate", "weight_decay", "precision", "seed")),
    ("Results", ("out", "into", "log", "as_json", "force", "retry_failed")),
    ("Computer", ("device", "cache_gb", "jobs", "devices", "cluster", "shard")),
)  # fmt: skip
"""Headings with the names of their options; all other options come last, under *Options*."""


class GroupedCommand(click.Command):
    """Command whose help groups many options under headings, and ends with two examples."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, under headings if there are many."""
        rows: dict[str, tuple[str, str]] = {}  # by the name of the option
        for option in self.get_params(ctx):
            row = option.get_help_record(ctx)
            if isinstance(option, click.Option) and option.name is not None and row is not None:
                rows[option.name] = row
        if len(rows) < _MIN_GROUPED:
            super().format_options(ctx, formatter)
            return
        for heading, names in _HEADINGS:
            rows_of_heading = [rows.pop(name) for name in list(rows) if name in names]
            if rows_of_heading:
                with formatter.section(heading):
                    formatter.write_dl(rows_of_heading)
        if rows:
            with formatter.section("Options"):
                formatter.write_dl(list(rows.values()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write two examples."""
        super().format_epilog(ctx, formatter)
        examples = EXAMPLES.get(ctx.command_path.removeprefix("skillviewer "), ())
        if examples:
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"{' ' * formatter.current_indent}skillviewer {example}\n")
