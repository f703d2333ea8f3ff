"""Plug-ins: the example of docs/plugins.md, once installed, arrives everywhere, and a broken one breaks nothing."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import ModuleType

import pytest

from skillviewer import AttentionEntry, BackboneEntry, DatasetFormat, Exporter, Metric
from skillviewer.core.paths import resources_dir
from skillviewer.nets.models import InputKind
from skillviewer_testing import check_exporter, check_metric
from tests.facts import missing
from tests.videos import write_barcode_video

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "plugin"
GUIDE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")

BROKEN = """
from skillviewer import DatasetFormat, Metric

SAME = Metric("accuracy", "A name of the program", lambda result, reference: 1.0, "same")
TWICE = Metric("scored", "A name of the example", lambda result, reference: 1.0, "twice")
FAILING = Metric("failing", "Divides by zero", lambda result, reference: 1 / 0, "failing")
FORM = DatasetFormat("fails", "Fails on every path", lambda path: path.nothing, lambda path, videos, choices: None)
UNFIT = 3
"""
BROKEN_ENTRIES = """
[skillviewer.attention_models]
absent = broken_example.missing:MODEL
[skillviewer.backbones]
unfit = broken_example:UNFIT
[skillviewer.metrics]
same = broken_example:SAME
failing = broken_example:FAILING
[skillviewer.dataset_formats]
fails = broken_example:FORM
[skillviewer.exporter]
misspelt = broken_example:UNFIT
"""
LEFT_OUT = {
    "absent": r"broken_example\.missing:MODEL cannot be imported \(ModuleNotFoundError: ",
    "unfit": "broken_example:UNFIT is of type int, not BackboneEntry",
    "same": "the program itself has the name “accuracy”",
}

PROGRAM = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from skillviewer.cli.main import run
said = {}
for name, arguments in json.loads(sys.argv[1]).items():
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = run(arguments)
    said[name] = [code, out.getvalue(), err.getvalue()]
print(json.dumps(said))
"""
"""All commands in one process: torch is imported once."""


Said = dict[str, tuple[int, str, str]]
"""Exit code, stdout and stderr of commands, by name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with data, and folders with installed packages on the path of Python."""

    folder: Path

    def python(self, *arguments: str, packages: tuple[str, ...] = ("example",), off: bool = False) -> str:
        """Run Python with some packages installed, and return its output."""
        path = os.pathsep.join([str(ROOT), *(str(self.folder / name) for name in packages)])
        environment = {key: value for key, value in os.environ.items() if key != "SKILLVIEWER_PLUGINS"} | {
            "PYTHONPATH": path, "SKILLVIEWER_HOME": str(self.folder / "home"), "COLUMNS": "100",
            "QT_QPA_PLATFORM": "offscreen", **({"SKILLVIEWER_PLUGINS": "off"} if off else {}),
        }  # fmt: skip
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(
        self, commands: dict[str, list[str]], packages: tuple[str, ...] = ("example",), *, off: bool = False
    ) -> Said:
        """Run commands of the program."""
        return json.loads(self.python("-c", PROGRAM, json.dumps(commands), packages=packages, off=off))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a folder in which the example is installed by pip, a broken package lies, and data in the new form."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(EXAMPLE, folder / "source")  # setuptools builds in the folder of its source
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([*pip, "--target", str(folder / "example"), str(folder / "source")], env=environment, check=True)
    info = folder / "broken" / "broken_example-0.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text(BROKEN_ENTRIES)
    (folder / "broken" / "broken_example.py").write_text(BROKEN)
    names = [f"{'abcd'[at % 4]}{at}.mp4" for at in range(8)]  # of four participants
    for at, name in enumerate(names):
        write_barcode_video(folder / name, 12 + 3 * at)
    (folder / "knots.ordered").write_text("\n".join(names))
    return Place(folder)


EVALUATE = ["evaluate", "knots.ordered", "--model", "duration", "--folds", "2", "--no-controls", "--json"]
SMALL = ["--segments", "2", "--input-px", "64", "--flow", "dis", "--candidates", "1", "--epochs", "1"]
SMALL += ["--select", "last", "--device", "cpu"]
TRAIN = ["train", "knots.ordered", "--model", "brightest", *SMALL, "-o", "trained"]
SCORE = ["score", "a0.mp4", "--model", "trained"]
CURVE = str(resources_dir() / "sample_study" / "analyses" / "000.analysis.npz")


@pytest.fixture(scope="module")
def said(place: Place) -> Said:
    """Return the answers of quick commands with both packages installed."""
    return place.run(
        {
            "models": ["models"],
            "inspect": ["data", "inspect", "knots.ordered", "--json"],
            "no backbone": ["train", "knots.ordered", "--backbone", "no", "-o", "no"],
            "no metric": ["evaluate", "knots.ordered", "--metrics", "no", "-o", "no"],
            "exports": ["export", "--help"],
            "export": ["export", "sentence", CURVE, "-o", "said.txt"],
            "doctor": ["doctor"],
        },
        ("example", "broken"),
    )


@pytest.fixture(scope="module")
def computed(place: Place) -> Said:
    """Return the answers of commands that compute, with both packages installed, in an order that the tests rely on."""
    return place.run(
        {
            "evaluate": [*EVALUATE, "--metrics", "scored,failing", "-o", "out"],
            "workers": [*EVALUATE, "--model", "brightest", "--jobs", "2", *SMALL, "-o", "jobs"],
            "train": TRAIN,
            "score": SCORE,
        },
        ("example", "broken"),
    )


@pytest.fixture(scope="module")
def without(place: Place, computed: Said) -> Said:
    """Return the answers of commands with both packages installed and plug-ins switched off; a model is trained."""
    assert computed["train"][0] == 0, computed["train"]
    commands = {
        "models": ["models"],
        "form": ["data", "inspect", "knots.ordered"],
        "doctor": ["doctor"],
        "score": SCORE,
    }
    return place.run(commands, ("example", "broken"), off=True)


ENTRIES = {one.__name__: one for one in (AttentionEntry, BackboneEntry, DatasetFormat, Exporter, Metric)}


def test_the_reference_lists_every_field_of_every_entry_with_its_default() -> None:
    text = (ROOT / "docs" / "reference" / "entries.md").read_text(encoding="utf-8")
    listed = {}
    for name, table in re.findall(r"^## (\w+)\n\n(.*?)\n(?:\n|\Z)", text, re.MULTILINE | re.DOTALL):
        rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines()[2:]]
        listed[name] = {field.strip("`"): default.strip("`") for field, default, meaning in rows if meaning}
    given = {
        "None": None,
        '""': "",
        "False": False,
        "True": True,
        "1": 1,
        "()": (),
        "InputKind.FEATURES": InputKind.FEATURES,
    }
    for name, entry in ENTRIES.items():
        assert {field: given.get(default, MISSING) for field, default in listed[name].items()} == {
            field.name: field.default for field in fields(entry)
        }
    assert listed.keys() == ENTRIES.keys()


def test_the_entries_of_the_guide_keep_what_the_tables_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, object] = {"__name__": "my_package"}
    monkeypatch.setitem(sys.modules, "my_package", ModuleType("my_package"))
    for code in re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL):
        exec(compile(code, "docs/plugins.md", "exec"), made)
    metric, lines = made["RANGE"], made["LINES"]
    assert isinstance(metric, Metric)
    assert isinstance(lines, Exporter)
    check_metric(metric)
    check_exporter(lines, tmp_path)
    assert metric.percent is False
    named = set(re.findall(r'^([\w-]+) = "my_package', GUIDE, re.MULTILINE))
    assert named == {metric.name, lines.name}
    own = set(re.findall(r'^([\w-]+) = "skillviewer_example', (EXAMPLE / "pyproject.toml").read_text(), re.MULTILINE))
    assert not named & own, "both can be installed"


@pytest.mark.slow
def test_the_kit_passes_for_the_example(place: Place) -> None:
    told = place.python("-m", "pytest", "-p", "no:cacheprovider", "source")
    assert "5 passed" in told
    assert "configfile: pyproject.toml" in told, "the configuration of the example itself"


@pytest.mark.slow
def test_an_entry_of_each_kind_arrives(place: Place, said: Said) -> None:
    assert re.search(
        r"brightest .* Strongest features \(distribution\), plug-in of skillviewer-example 1\.0", said["models"][1]
    )
    (found,) = json.loads(said["inspect"][1])["datasets"]
    assert (found["form"], found["videos"], found["pairs"]) == ("List of videos, the best first", 8, 28)
    assert "There is no backbone “no”" in said["no backbone"][2]
    assert "alexnet, patches." in said["no backbone"][2]
    assert "spearman, failing, scored," in said["no metric"][2]
    assert "sentence" in said["exports"][1]
    assert said["export"][0] == 0, said["export"]
    assert re.fullmatch(r".*: [+-]\d\.\d\d\n", (place.folder / "said.txt").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_metric_of_a_plugin_stands_in_every_table_and_a_failing_one_is_empty(place: Place, computed: Said) -> None:
    code, written, told = computed["evaluate"]
    assert code == 0, told
    (model,) = json.loads(written)["models"]
    assert model["metrics"]["scored"] == 1
    assert model["metrics"]["failing"] is None
    table = (place.folder / "out" / "table.md").read_text(encoding="utf-8")
    lines = [line.split("|") for line in table.splitlines() if line.startswith(("| model ", "| duration "))]
    header, row = lines[:2]
    assert row[header.index(" scored ")] == " 100.0 "
    assert row[header.index(" failing ")] == " – "
    with (place.folder / "out" / "table.csv").open(newline="", encoding="utf-8") as file:
        (cells,) = csv.DictReader(file)
    assert (float(cells["scored"]), cells["failing"]) == (1, "")
    assert told.count("The plug-in “failing” of broken-example 0.3 failed (ZeroDivisionError: division by zero)") == 1


def test_each_broken_plugin_is_one_sentence_once(said: Said) -> None:
    told = "".join(err for _, _, err in said.values())
    for name, why in LEFT_OUT.items():
        pattern = f"skillviewer: The plug-in “{name}” of broken-example 0.3 is left out: {why}"
        (line,) = [line for line in told.splitlines() if re.match(pattern, line)]
        assert not missing(line, "broken-example", "SKILLVIEWER_PLUGINS")
    assert told.count("The plug-in “fails” of broken-example 0.3 failed (AttributeError: ") == 1
    assert "Traceback" not in told


def test_doctor_lists_plugins_and_the_broken_ones(said: Said) -> None:
    code, listed, _ = said["doctor"]
    assert code == 1
    for name, group in (
        ("brightest", "attention_models"), ("patches", "backbones"), ("ordered-list", "dataset_formats"),
        ("sentence", "exporters"), ("scored", "metrics"),
    ):  # fmt: skip
        assert re.search(rf"ok +plug-in {name} +{group} of skillviewer-example 1\.0\n", listed), name
    for name, why in LEFT_OUT.items():
        assert re.search(
            rf"MISSING plug-in {name} +The plug-in “{name}” of broken-example 0\.3 is left out: {why}", listed
        )
    assert re.search(r"MISSING plug-in misspelt +its group skillviewer\.exporter is not one of skillviewer\.", listed)


@pytest.mark.slow
def test_worker_processes_see_plugins(computed: Said) -> None:
    code, written, told = computed["workers"]
    assert code == 0, told
    assert json.loads(written)["models"][0]["model"] == "brightest"
    every = "".join(err for _, _, err in computed.values())
    assert every.count("“absent” of broken-example") == 1, "workers are silent"


@pytest.mark.slow
def test_a_checkpoint_says_which_plugin_it_needs(place: Place, computed: Said, without: Said) -> None:
    card = json.loads((place.folder / "trained" / "card.json").read_text(encoding="utf-8"))
    assert (card["attention_model"], card["plugins"]) == ("brightest", ["skillviewer-example 1.0"])
    assert computed["score"][0] == 0, computed["score"]
    needs = "The checkpoint trained needs the plug-in skillviewer-example 1.0: install it. There is no attention"
    for code, _, told in (place.run({"score": SCORE}, ())["score"], without["score"]):
        assert code == 1
        assert needs in told
        assert "Traceback" not in told


@pytest.mark.slow
def test_switched_off_no_code_of_a_plugin_runs(without: Said) -> None:
    assert "brightest" not in without["models"][1]
    assert "is in none of the known forms" in without["form"][2]
    assert re.search(r"plug-ins +switched off by SKILLVIEWER_PLUGINS", without["doctor"][1])
    assert not any("broken-example" in text for _, *texts in without.values() for text in texts)


@pytest.mark.slow
def test_a_name_that_two_packages_add_is_used_by_neither(place: Place) -> None:
    info = place.folder / "rival" / "rival-2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 2\n")
    (info / "entry_points.txt").write_text("[skillviewer.metrics]\nscored = broken_example:TWICE\n")
    (info.parent / "broken_example.py").write_text(BROKEN)
    asked = {"metrics": ["evaluate", "knots.ordered", "--metrics", "scored", "-o", "no"]}
    code, _, told = place.run(asked, ("example", "rival"))["metrics"]
    assert code == 2
    assert told.count("the name “scored” is added 2 times, by rival 2 and skillviewer-example 1.0") == 2
    assert "There is no metric “scored”" in told


HOSTILE = """
import os
from skillviewer import Metric

class Ends(BaseException):
    pass

class Odd(Metric):
    def __getattribute__(self, name):
        if name == "name":
            raise ZeroDivisionError("no name")
        return super().__getattribute__(name)

class Unsaid(Exception):
    def __str__(self):
        raise RuntimeError("no text")

class Liar:
    @property
    def __class__(self):
        raise RuntimeError("no class")

ODD, LIAR = Odd("odd", "x", lambda result, reference: 1.0, "odd"), Liar()
def __getattr__(name):
    if name == "DIES":
        os._exit(7)
    if name == "ENDS":
        raise Ends("at import")
    if name == "UNSAID":
        raise Unsaid
    raise AttributeError(name)
"""


def test_no_plugin_ends_the_program_or_hides_behind_an_error(place: Place) -> None:
    info = place.folder / "hostile" / "hostile-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    entries = [f"{name} = hostile:{name.upper()}" for name in ("odd", "dies", "ends", "unsaid", "liar")]
    (info / "entry_points.txt").write_text("\n".join(["[skillviewer.metrics]", *entries]))
    (place.folder / "hostile" / "hostile.py").write_text(HOSTILE)
    program = (
        "from skillviewer.core.evaluation.metrics import METRICS; import json\n"
        "print(json.dumps({one.name: one.problem for one in METRICS.plugins}))"
    )
    told = json.loads(place.python("-c", program, packages=("hostile", "example")))
    assert told.pop("scored", "") == ""
    assert set(told) == {"odd", "dies", "ends", "unsaid", "liar"}
    assert all(f"“{name}” of hostile 1.0 is left out" in problem for name, problem in told.items())
    for name, why in {
        "odd": "ZeroDivisionError: no name",
        "dies": "exit status 7",
        "ends": "Ends: at import",
        "unsaid": "Unsaid",
        "liar": "of type Liar, not Metric",
    }.items():
        assert why in told[name]
    tried = (place.folder / "home" / "data" / "tried-plugins.txt").read_text().split()
    assert len(tried) == len(set(tried)) >= 5


def test_damaged_metadata_of_another_package_breaks_nothing(place: Place) -> None:
    info = place.folder / "damaged" / "damaged-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: damaged\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[skillviewer.metrics]\nno equals sign\n")
    program = (  # of the reader alone: torch and numba fail on such metadata themselves
        "from skillviewer.core.plugins import ON_PROBLEM, plugin_points;"
        "ON_PROBLEM.append(print); print(plugin_points(), plugin_points())"
    )
    told = place.python("-c", program, packages=("damaged",))
    assert told.count("No plug-in is used: an installed package has damaged entry points") == 1
    assert told.endswith("[] []\n")


def test_a_builtin_name_imports_no_plugin(place: Place) -> None:
    program = (
        "import sys; from skillviewer.nets.models import attention_model; attention_model('duration');"
        "import skillviewer.cli.main; print('skillviewer_example' in sys.modules)"
    )
    assert place.python("-c", program).strip() == "False"
