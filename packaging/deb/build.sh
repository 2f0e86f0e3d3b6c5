#!/bin/sh
# Builds the Debian package: build.sh BINARY VERSION FOLDER. Needs dpkg-dev; as any user.
# COMPRESSION (xz) is one that dpkg-deb knows; none is quick.
set -eu

binary=$1
version=$2
folder=$3
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
maintainer='PuyPuy maintainers <maintainers@puypuy.invalid>'
architecture=$(dpkg --print-architecture)
if [ -z "${SOURCE_DATE_EPOCH-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$source" log -1 --format=%ct 2>/dev/null || date +%s)
fi
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
umask 022

DESTDIR=$tree PREFIX=/usr UNITDIR=/lib/systemd/system "$source/packaging/install.sh" "$binary"

# What the program links says what it depends on.
mkdir -p "$work/shlibs/debian" "$tree/DEBIAN"
printf 'Source: puypuy\n\nPackage: puypuy\nArchitecture: any\n' >"$work/shlibs/debian/control"
depends=$(cd "$work/shlibs" && dpkg-shlibdeps -O -e"$tree/usr/bin/puypuy" 2>"$work/shlibs/log" |
    sed -n 's/^shlibs:Depends=//p')
if [ -z "$depends" ]; then
    cat "$work/shlibs/log" >&2
    echo "$0: dpkg-shlibdeps found no dependencies" >&2
    exit 1
fi

doc=$tree/usr/share/doc/puypuy
install -D -m 644 "$here/copyright" "$doc/copyright"
install -D -m 644 "$here/lintian-overrides" "$tree/usr/share/lintian/overrides/puypuy"
{
    printf 'puypuy (%s) unstable; urgency=medium\n\n  * See NEWS.gz.\n\n' "$version"
    printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
gzip -9n <"$source/CHANGELOG.md" >"$doc/NEWS.gz"

install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$tree/DEBIAN"
(cd "$tree" && find etc -type f | LC_ALL=C sort | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z |
    grep -zv '^etc/' | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
size=$(du -k -s --apparent-size "$tree" | cut -f1)
sed "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@MAINTAINER@|$maintainer|
    s|@SIZE@|$size|; s|@DEPENDS@|$depends|" "$here/control.in" >"$tree/DEBIAN/control"
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$folder"
package=$folder/puypuy_${version}_$architecture.deb
dpkg-deb --build --root-owner-group -Z"${COMPRESSION:-xz}" "$tree" "$package" >/dev/null
echo "$package"
