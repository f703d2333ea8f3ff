"""Write the bill of materials of an environment: every library with version, licence and digest, as CycloneDX JSON.

    python packaging/sbom.py [--python .venv/bin/python] [--output build/skillviewer.cdx.json]

Needs ``pip install -e .[audit]``. What ships with the program besides its code (weights, fonts) is listed in NOTICE.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Write the bill, read it back, and print its length."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="Interpreter of the environment.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "skillviewer.cdx.json")
    given = parser.parse_args()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    where = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(given.output)]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *where, "--output-reproducible", given.python]
    subprocess.run(command, check=True)
    bill = json.loads(given.output.read_text(encoding="utf-8"))
    names = {component["name"].casefold() for component in bill["components"]}
    missing = {"torch", "av", "numpy", "pyside6-essentials"} - {name.replace("_", "-") for name in names}
    print(f"{given.output}: {len(names)} components, CycloneDX {bill['specVersion']}")
    if missing:
        print(f"missing from the bill: {', '.join(sorted(missing))}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
