#!/usr/bin/env bash
# Installs the system libraries that Qt's window needs, where apt-get is there; elsewhere they come with the system.
# Usage: packaging/system-libraries.sh [--dev] [MORE_PACKAGES...]
#   --dev: also what the tests use: a browser for the judging page, an X server without a screen, the accessibility bus
set -euo pipefail
command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || exit 0

for_tests=()
if [ "${1:-}" = --dev ]; then
    for_tests=(xvfb dbus at-spi2-core chromium chromium-driver)
    shift
fi
wanted=(libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libportaudio2 libgssapi-krb5-2 fonts-dejavu-core
    libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 "${for_tests[@]}" "$@")

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
# the library was renamed when Debian moved to 64-bit time
installed libglib2.0-0t64 || installed libglib2.0-0 || missing+=(libglib2.0-0)
for package in "${wanted[@]}"; do
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        root=(sudo)
    else
        echo "The window needs these system packages: ${missing[*]}" >&2
        echo "Install them as an administrator: apt-get install ${missing[*]}" >&2
        exit 0
    fi
fi
echo "Installing system packages: ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -qq
for i in "${!missing[@]}"; do
    if [ "${missing[$i]}" = libglib2.0-0 ] && apt-cache show libglib2.0-0t64 >/dev/null 2>&1; then
        missing[i]=libglib2.0-0t64
    fi
done
# not every relative of Debian packages the programs of the tests: without them their tests are skipped
known=()
for package in "${missing[@]}"; do
    if [[ " ${for_tests[*]} " == *" $package "* ]] && ! apt-cache show "$package" >/dev/null 2>&1; then
        echo "There is no package $package here: the tests that use it will be skipped." >&2
    else
        known+=("$package")
    fi
done
[ ${#known[@]} -eq 0 ] && exit 0
"${root[@]}" apt-get install -y -qq --no-install-recommends "${known[@]}" >/dev/null
