"""Options that had another name before, which still works and is not shown."""

from copy import copy

import click


class RenamedOption(click.Option):
    """An option with its present name first; old names after it work for one more version, and no help shows them."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the line of the help, with the present name alone."""
        copied = copy(self)
        copied.opts = self.opts[:1]
        return super(RenamedOption, copied).get_help_record(ctx)
