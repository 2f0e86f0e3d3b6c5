#!/bin/sh
# Puts PuyPuy where it belongs; `make install`, the package and the tarball use it.
#
#     install.sh BINARY
#
# PREFIX (/usr/local) is where the program goes, SYSCONFDIR (/etc) the configuration, LOCALSTATEDIR
# (/var) the spool. Everything goes below DESTDIR when that is set. A configuration that is there
# already stays as it is. No user is made and nothing is started.
set -eu

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    echo "usage: $0 BINARY, a built puypuy" >&2
    exit 2
fi
binary=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
prefix=${PREFIX:-/usr/local}
etc=${SYSCONFDIR:-/etc}
var=${LOCALSTATEDIR:-/var}
units=${UNITDIR:-$prefix/lib/systemd/system}
root=${DESTDIR-}

cd "$source"

# put MODE FILE PATH
put() { install -D -m "$1" "$2" "$root$3"; }

# put_missing MODE FILE PATH: a file that may have been changed there stays.
put_missing() {
    if [ -e "$root$3" ]; then
        echo "kept: $root$3"
    else
        put "$1" "$2" "$3"
    fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The paths of an installed PuyPuy. A line that is not found would be installed wrong, silently.
set_line() {
    if ! grep -q "^$1\$" "$work/config.ini"; then
        echo "$0: config.ini has no line \"$1\"" >&2
        exit 1
    fi
    sed -i "s|^$1\$|$2|" "$work/config.ini"
}
cp "$source/config.ini" "$work/config.ini"
set_line ';spool_path: var/spool.db' "spool_path: $var/lib/puypuy/spool.db"
set_line ';pid_file: var/puypuy.pid' 'pid_file: /run/puypuy/puypuy.pid'
sed "s|/usr/bin/puypuy|$prefix/bin/puypuy|; s|/etc/puypuy|$etc/puypuy|" \
    "$here/systemd/puypuy.service" >"$work/puypuy.service"

put 755 "$binary" "$prefix/bin/puypuy"
# It may hold passwords. The package gives it to the group puypuy.
put_missing 640 "$work/config.ini" "$etc/puypuy/config.ini"
for file in "$source"/checks_enabled/check_*.ini; do
    put_missing 644 "$file" "$etc/puypuy/checks_enabled/${file##*/}"
done
for file in "$source"/scripts_enabled/*; do
    put_missing 644 "$file" "$etc/puypuy/scripts_enabled/${file##*/}"
done
put_missing 644 "$here/puypuy.logrotate" "$etc/logrotate.d/puypuy"
put 644 "$work/puypuy.service" "$units/puypuy.service"

doc=$prefix/share/doc/puypuy
for file in README.md docs/*.md docs/decisions/*.md; do
    put 644 "$file" "$doc/$file"
done
for file in "$here"/systemd/examples/*.conf; do
    put 644 "$file" "$doc/examples/systemd/${file##*/}"
done
for file in "$here"/monitoring/*.json "$here"/monitoring/*.yml "$here"/monitoring/*.md; do
    if [ -e "$file" ]; then put 644 "$file" "$doc/examples/monitoring/${file##*/}"; fi
done
for file in "$here"/man/*.1; do
    if [ -e "$file" ]; then
        gzip -9n <"$file" >"$work/page.gz"
        put 644 "$work/page.gz" "$prefix/share/man/man1/${file##*/}.gz"
    fi
done
# The program writes them itself; one that is built for another machine cannot.
if "$binary" --version >/dev/null 2>&1; then
    "$binary" --generate-completion-script bash | sed '1{/^#!/d}' >"$work/bash"
    "$binary" --generate-completion-script zsh >"$work/zsh"
    "$binary" --generate-completion-script fish >"$work/fish"
    put 644 "$work/bash" "$prefix/share/bash-completion/completions/puypuy"
    put 644 "$work/zsh" "$prefix/share/zsh/vendor-completions/_puypuy"
    put 644 "$work/fish" "$prefix/share/fish/vendor_completions.d/puypuy.fish"
fi
