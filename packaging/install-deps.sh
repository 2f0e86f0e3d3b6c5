#!/bin/sh
# Installs with apt what PuyPuy needs and this machine lacks; silent and quick when that is nothing.
#
#     install-deps.sh build     what building and running needs
#     install-deps.sh test      what the tests need as well
#     install-deps.sh package   what building needs, and building and testing packages
#
# No service is started, and none that comes with a package starts at the next boot.
set -eu

policy=/usr/sbin/policy-rc.d # invoke-rc.d asks it whether a package may start its service
made_policy=no
new_services=

missing=

# need PACKAGE COMMAND...: the package is missing when the command fails.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

find_missing() {
    need pkg-config command -v pkg-config
    need libsqlite3-dev pkg-config --exists sqlite3
    need libcurl4-openssl-dev pkg-config --exists libcurl
    need zlib1g-dev pkg-config --exists zlib
    need libsnappy-dev test -e /usr/include/snappy-c.h
    need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
    if [ "$1" = package ]; then
        need dpkg-dev command -v dpkg-shlibdeps
        need xz-utils command -v xz
        need debootstrap test -x /usr/sbin/debootstrap
        need lintian command -v lintian
    fi
    [ "$1" = test ] || return 0
    need influxdb command -v influxd
    need graphite-carbon command -v carbon-cache
    need victoria-metrics command -v victoria-metrics
    need prometheus command -v prometheus
    need openssl command -v openssl
    need python3 command -v python3
    need strace command -v strace
    need chromium command -v chromium
    need chromium-driver command -v chromedriver
}

# Everything below runs as root.

cleanup() {
    status=$?
    trap '' INT TERM HUP
    if [ "$made_policy" = yes ]; then rm -f "$policy"; fi
    for service in $new_services; do
        if [ -e "/lib/systemd/system/$service.service" ] && command -v systemctl >/dev/null; then
            systemctl --quiet disable "$service" >/dev/null 2>&1 || true
        elif [ -e "/etc/init.d/$service" ] && command -v update-rc.d >/dev/null; then
            update-rc.d "$service" disable >/dev/null 2>&1 || true
        fi
    done
    exit $status
}

install_packages() {
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    for package in "$@"; do
        case $package in
        influxdb | victoria-metrics | prometheus) new_services="$new_services $package" ;;
        graphite-carbon) new_services="$new_services carbon-cache" ;;
        esac
    done
    # The administrator's own policy stays in force when there is one.
    if [ ! -e "$policy" ]; then
        made_policy=yes
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
    apt-get update --quiet || echo 'install-deps: the package lists are old' >&2
    if ! apt-get install --quiet --yes --no-install-recommends "$@" </dev/null; then
        echo "install-deps: apt could not install: $*" >&2
        echo "install-deps: on Ubuntu they may be in universe: add-apt-repository universe" >&2
        exit 1
    fi
}

case ${1-} in
build | test | package)
    find_missing "$1"
    if [ -z "$missing" ]; then exit 0; fi
    echo "install-deps: missing:$missing"
    if ! command -v apt-get >/dev/null; then
        echo "install-deps: there is no apt here; install what this system calls$missing" >&2
        exit 1
    fi
    # The words of $missing are the arguments.
    # shellcheck disable=SC2086
    if [ "$(id -u)" -eq 0 ]; then
        install_packages $missing
    elif command -v sudo >/dev/null; then
        exec sudo -- "$0" install $missing
    else
        echo "install-deps: run this as root, or install sudo: apt-get install$missing" >&2
        exit 1
    fi
    ;;
install) # the part above that needs root
    shift
    install_packages "$@"
    ;;
*)
    echo "usage: $0 build|test|package" >&2
    exit 2
    ;;
esac
