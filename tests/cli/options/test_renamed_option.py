"""Options with a former name: it works, and only the present one is in the help."""

import pytest
from click.testing import CliRunner

from skillviewer.cli.main import cli

RENAMED = [
    (("data", "import"), "--participant-column", "--person-column"),
    (("data", "import"), "--lower-is-better", "--less-is-better"),
    (("data", "import"), "--header-row", "--titles-row"),
    (("study", "create"), "--question", "--statement"),
    (("study", "import"), "--format", "--form"),
    (("study", "export"), "--format", "--form"),
    (("data", "inspect"), "--format", "--form"),
]


@pytest.mark.parametrize(("command", "present", "former"), RENAMED)
def test_only_the_present_name_is_shown_and_the_former_one_works(
    command: tuple[str, ...], present: str, former: str
) -> None:
    text = CliRunner().invoke(cli, [*command, "--help"]).output
    assert f"{present} " in text
    assert f"{former} " not in text
    refused = CliRunner().invoke(cli, [*command, former])
    assert refused.exit_code == 2
    assert "requires an argument" in refused.output
