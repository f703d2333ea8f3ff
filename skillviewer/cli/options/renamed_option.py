"""Click option that still accepts an old name."""

from copy import copy

import click


class RenamedOption(click.Option):
    """Option with a current name, which comes first, and old names, which work for one more version without help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the row of the help, with the current name alone."""
        option_without_old_names = copy(self)
        option_without_old_names.opts = self.opts[:1]
        return super(RenamedOption, option_without_old_names).get_help_record(ctx)
