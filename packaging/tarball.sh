#!/bin/sh
# Packs a tarball: tarball.sh BINARY VERSION FOLDER. What is in it runs where it is unpacked, and
# install.sh in it installs it. The same sources make the same bytes.
set -eu

binary=$(realpath "$1")
version=$2
mkdir -p "$3"
folder=$(realpath "$3")
cd "$(dirname "$0")/.."
if [ -z "${SOURCE_DATE_EPOCH-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
fi

name=puypuy-$version-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
mkdir "$work/$name"
cp -r README.md CHANGELOG.md LICENSE config.ini checks_enabled scripts_enabled docs packaging \
    "$work/$name"
install -m 755 "$binary" "$work/$name/puypuy"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    -cf - "$name" | gzip -n >"$folder/$name.tar.gz"
echo "$folder/$name.tar.gz"
