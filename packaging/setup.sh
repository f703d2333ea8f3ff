#!/usr/bin/env bash
# Makes the virtual environment of a checkout and installs the program into it.
# Usage: packaging/setup.sh VENV [EXTRA]
set -euo pipefail
venv=$1
extra=${2:-}
here=$(cd "$(dirname "$0")/.." && pwd)

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "SkillViewer needs Python 3.11 or newer; none was found. Install it and try again." >&2
    exit 1
fi

if [ "$extra" = dev ]; then
    bash "$here/packaging/system-libraries.sh" --dev
else
    bash "$here/packaging/system-libraries.sh"
fi

if ! [ -x "$venv/bin/python" ]; then
    echo "Making the virtual environment $venv with $($python --version) ..."
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        # Debian's own Python comes without ensurepip
        if command -v apt-get >/dev/null; then
            bash "$here/packaging/system-libraries.sh" python3-venv
        fi
        "$python" -m venv "$venv"
    fi
fi

echo "Installing SkillViewer and what it needs (the first time this takes minutes) ..."
# an older pip takes twice as long
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "pip>=25.1"
# Python compiles what is imported by itself; compiling everything would take half of the time
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --editable "$here${extra:+[$extra]}"
