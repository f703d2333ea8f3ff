#!/usr/bin/env bash
# Puts SkillViewer into the menu and ties .skillstudy and .skillarchive files to it, for the person who runs this.
# Usage: packaging/linux/install.sh [PROGRAM | --remove]     PROGRAM: what is started, by default skillviewer from PATH
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$share/applications/skillviewer.desktop
kinds=$share/mime/packages/skillviewer.xml
icon=$share/icons/hicolor/scalable/apps/skillviewer.svg

told() { if command -v "$1" >/dev/null; then "$@" || echo "$1 failed: the desktop may notice only after the next log-in." >&2; fi; }
refresh() {
    told update-mime-database "$share/mime"
    told update-desktop-database "$share/applications"
}

if [ "${1:-}" = --remove ]; then
    rm -f "$entry" "$kinds" "$icon"
    mkdir -p "$share/mime/packages" "$share/applications"
    refresh
    echo "SkillViewer is out of the menu."
    exit 0
fi
program=$(command -v "${1:-skillviewer}" || true)
if [ -z "$program" ]; then
    echo "There is no program ${1:-skillviewer}. Install SkillViewer first, or say where it is." >&2
    exit 1
fi
program=$(realpath "$program")
drawing=
for candidate in "$here/../../resources/icons/skillviewer.svg" "$(dirname "$program")/_internal/resources/icons/skillviewer.svg"; do
    [ -f "$candidate" ] && drawing=$candidate && break
done
[ -n "$drawing" ] || { echo "The icon is missing beside $here." >&2; exit 1; }
mkdir -p "$(dirname "$entry")" "$(dirname "$kinds")" "$(dirname "$icon")"
quoted=$(printf '%s' "$program" | sed 's/[\\"`$]/\\\\&/g; s/%/%%/g')
awk -v line="Exec=\"$quoted\" %F" '/^Exec=/ { print line; next } { print }' "$here/$(basename "$entry")" > "$entry"
cp "$here/skillviewer-mime.xml" "$kinds"
cp "$drawing" "$icon"
refresh
echo "SkillViewer is in the menu, and opens .skillstudy and .skillarchive files."
