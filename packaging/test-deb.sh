#!/bin/bash
# Tests the package as an administrator would: in a small Debian with systemd as its first process
# it is installed, upgraded, removed and purged.
#
#     test-deb.sh PACKAGE NEWER_PACKAGE [CACHE]
#
# CACHE is a folder in which the Debian is kept for the next time. Runs as root. The Debian comes from where this machine's apt has its packages, into memory, and has
# name spaces of its own: nothing of this machine is changed, and no network is there.
set -euo pipefail

package=$(realpath "$1")
newer=$(realpath "$2")
cache=${3-}
if [ "$(id -u)" -ne 0 ]; then
    echo "$0: run this as root" >&2
    exit 2
fi

work=$(mktemp -d)
root=$work/root
control_group=
system=
passed=0
failed=0

cleanup() {
    status=$?
    trap '' INT TERM
    if [ -n "$system" ]; then
        kill -KILL "$system" 2>/dev/null || true
        wait "$system" 2>/dev/null || true
    fi
    if [ -n "$control_group" ]; then
        for _ in $(seq 50); do
            find "$control_group" -depth -type d -exec rmdir {} + 2>/dev/null && break
            sleep 0.1
        done
    fi
    mountpoint --quiet "$root" && umount --lazy "$root"
    rm -rf --one-file-system "$work"
    exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# test WHAT COMMAND...: says whether the command succeeded; what it printed only when it did not.
test_that() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "ok: $what"
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$what" "$(tail -20 <<<"$output")"
    fi
}

# within SECONDS COMMAND...: tries until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$end" ]; then return 1; fi
        sleep 0.2
    done
}

# In the Debian.
inside() { nsenter --target "$init" --all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

make_debian() {
    local depends mirror suite kept
    # Exactly what the package says that it needs; what it does not say is not there.
    depends=$(dpkg-deb --field "$package" Depends | sed 's/([^)]*)//g; s/ *//g')
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' \
        'Created-By: Packages' | awk '$3 == "main" && $2 !~ /-/ { print; exit }')
    suite=$(cut -d' ' -f2 <<<"$mirror")
    mkdir "$root"
    mount -t tmpfs -o mode=755,size=2g tmpfs "$root"
    kept=$cache/debian-$(md5sum <<<"$suite $depends" | cut -c1-12).tar
    if [ -n "$cache" ] && [ -e "$kept" ]; then
        tar -C "$root" -xpf "$kept"
    elif debootstrap --variant=minbase --include="systemd,systemd-sysv,logrotate,$depends" \
        "$suite" "$root" "${mirror%% *}" >"$work/debootstrap.log" 2>&1; then
        rm -rf "$root"/var/cache/apt/archives/*.deb
        if [ -n "$cache" ]; then
            mkdir -p "$cache"
            tar -C "$root" -cpf "$kept.new" . && mv "$kept.new" "$kept"
        fi
    else
        tail -20 "$work/debootstrap.log" >&2
        exit 1
    fi
    cp "$package" "$root/root/puypuy.deb"
    cp "$newer" "$root/root/newer.deb"
}

boot() {
    local groups
    groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    if [ -z "$groups" ]; then
        groups=$work/groups
        mkdir "$groups"
        mount -t cgroup2 cgroup2 "$groups"
    fi
    control_group=$groups/puypuy-test-$$
    mkdir "$control_group"
    # systemd as the first process needs: its own control groups, /proc, /sys, /run and /dev.
    # shellcheck disable=SC2016
    (
        echo "$BASHPID" >"$control_group/cgroup.procs"
        exec unshare --mount --uts --ipc --net --pid --cgroup --fork --kill-child bash -euc '
            root=$1
            mount --make-rprivate /
            mount -t proc proc "$root/proc"
            mount -t sysfs -o ro sysfs "$root/sys"
            mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
            mount -t tmpfs -o mode=755 tmpfs "$root/run"
            mount -t tmpfs -o mode=755 tmpfs "$root/dev"
            mkdir "$root/dev/shm" "$root/dev/pts"
            for device in null zero full random urandom tty; do
                touch "$root/dev/$device"
                mount --bind "/dev/$device" "$root/dev/$device"
            done
            mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
            ln -s pts/ptmx "$root/dev/ptmx"
            ln -s /proc/self/fd "$root/dev/fd"
            hostname puypuy-test
            cd "$root"
            mkdir -p .host
            pivot_root . .host
            umount --lazy /.host
            rmdir /.host
            exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                /lib/systemd/systemd --unit=multi-user.target
        ' boot "$root"
    ) </dev/null >"$work/boot.log" 2>&1 &
    system=$!
    init=
    within 10 find_init
    within 60 is_up || {
        cat "$work/boot.log" >&2
        inside systemctl --failed --no-pager >&2 || true
        exit 1
    }
}

is_up() { inside systemctl is-system-running --quiet 2>/dev/null; }

# The first process of the Debian is the child of unshare, once it has become systemd.
find_init() {
    init=$(pgrep --parent "$system" --exact systemd) && [ -n "$init" ]
}

# What there is, without the logs of the system and of dpkg, and what dpkg and ldconfig rewrite.
files() {
    inside find / -xdev \( -path /tmp -o -path /var/tmp -o -path /root -o -path /var/log/journal \
        -o -path /var/cache -o -path /var/lib/dpkg/triggers \) -prune -o -print |
        grep -vxE '/var/log/(dpkg|alternatives)\.log|/etc/(passwd|group|shadow|gshadow)-|/var/lib/dpkg/(status-old|lock.*)|/etc/\.pwd\.lock|/var/lib/logrotate/status' |
        sort
}

fetch() { inside bash -c "exec 3<>/dev/tcp/127.0.0.1/9898 || exit
    printf 'GET $1 HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3; cat <&3"; }
has_metric() { fetch /metrics | grep -Eq "^$1"; }
# The last value of a metric.
value() { fetch /metrics | sed -nE "s/^$1(\{.*\})? ([^ ]+).*/\2/p"; }
is_value() { [ "$(value "$1")" = "$2" ] || { echo "$1: $(value "$1")"; return 1; }; }
nothing_runs() { ! inside sh -c 'cat /proc/[0-9]*/comm 2>/dev/null' | grep -qx puypuy; }
is_active() { inside systemctl is-active --quiet puypuy; }
main_process() { inside systemctl show --property MainPID --value puypuy; }
belongs_to_puypuy() { [ "$(inside stat -c %U "/proc/$(main_process)")" = puypuy ]; }
mode() { [ "$(inside stat -c '%U:%G %a' "$1")" = "$2" ]; }
export_points() { inside puypuy spool export --format line --since 1h | sort >"$1"; }
# One number of the books, of all backends together.
books() {
    inside puypuy spool inspect --audit --json |
        grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$' | paste -sd+ | bc_sum
}
bc_sum() { echo $(($(cat))); }

echo "== a Debian"
make_debian
boot
echo "== it runs after $SECONDS s"

files >"$work/before"

echo "== install"
test_that 'the package installs with what it says that it needs' \
    inside dpkg --install /root/puypuy.deb
installed=$SECONDS
test_that 'the service runs' within 10 is_active
is_active || inside journalctl --no-pager --quiet --unit puypuy | tail -20
test_that 'metrics are on the page within ten seconds' within 10 has_metric mem_available
echo "   after $((SECONDS - installed)) s"
test_that 'the daemon is not root' \
    belongs_to_puypuy
test_that 'the service starts at boot' inside systemctl is-enabled --quiet puypuy
test_that 'the spool is for its user' mode /var/lib/puypuy 'puypuy:puypuy 750'
test_that 'only root and the daemon read the configuration' \
    mode /etc/puypuy/config.ini 'root:puypuy 640'
test_that 'the configuration is good' inside puypuy config check
test_that 'systemd finds nothing wrong with the unit' \
    inside systemd-analyze verify /lib/systemd/system/puypuy.service
test_that 'systemd calls its exposure low' \
    inside systemd-analyze security --threshold=20 --no-pager puypuy.service
test_that 'logrotate understands its file' inside logrotate --debug /etc/logrotate.d/puypuy

echo "== change the configuration, as an administrator does"
inside sed -i -e 's/^check_period_seconds: 10/check_period_seconds: 1/' \
    -e 's|^;log_file:.*|log_file: /var/log/puypuy/puypuy.log|' /etc/puypuy/config.ini
printf '\n[TSDB:away]\ntsdtype: InfluxDB\naddress: http://127.0.0.1:9\ndatabase: away\n' |
    inside tee -a /etc/puypuy/config.ini >/dev/null
# A script sees what the unit lets it see.
inside tee /etc/puypuy/scripts_enabled/check_probe.sh >/dev/null <<'PROBE'
#!/bin/sh
written=0
for file in /etc/puypuy/x /usr/x /home/x /root/x /var/x /boot/x; do
    if touch "$file" 2>/dev/null; then written=$((written + 1)); fi
done
echo "probe_written $written probe gauge"
echo "probe_user $(id -u) probe gauge"
echo "probe_privileges $(awk '/^CapEff/ { print $2 + 0 }' /proc/self/status) probe gauge"
PROBE
inside chmod 755 /etc/puypuy/scripts_enabled/check_probe.sh
inside systemctl restart puypuy || inside journalctl --no-pager --quiet -n 20 --unit puypuy
test_that 'a script runs' within 10 has_metric probe_user
test_that 'a script writes nowhere but in the folders of PuyPuy' \
    is_value probe_written 0
test_that 'a script has no privileges' is_value probe_privileges 0
test_that 'the log is where the configuration says' \
    mode /var/log/puypuy/puypuy.log 'puypuy:puypuy 640'
test_that 'logrotate rotates the log' \
    inside logrotate --force /etc/logrotate.d/puypuy
log_is_used() {
    inside sh -c "readlink /proc/$(main_process)/fd/*" | grep -qx /var/log/puypuy/puypuy.log
}
test_that 'the daemon writes to the new log' within 5 log_is_used
pending_grow() { [ "$(books pending)" -gt 200 ]; }
test_that 'points wait for a database that is away' within 20 pending_grow

echo "== upgrade"
export_points "$work/points-before"
collected=$(books collected)
before=$(main_process)
test_that 'the newer package installs' inside dpkg --install /root/newer.deb
test_that 'the service runs' within 10 is_active
test_that 'it is a new process' [ "$(main_process)" != "$before" ]
test_that 'what the administrator changed stays' \
    inside grep -q 'TSDB:away' /etc/puypuy/config.ini
goes_on() { [ "$(books collected)" -gt $((collected + 200)) ]; }
test_that 'collecting goes on' within 20 goes_on
export_points "$work/points-after"
test_that 'no point of before is lost' \
    [ "$(comm -23 "$work/points-before" "$work/points-after" | wc -l)" -eq 0 ]
test_that 'there were points of before' [ "$(wc -l <"$work/points-before")" -gt 200 ]
test_that 'the books balance' inside puypuy spool inspect --audit
test_that 'the spool is sound' inside puypuy spool verify

echo "== remove"
test_that 'the package is removed' inside dpkg --remove puypuy
test_that 'nothing of it runs' nothing_runs
test_that 'the spool stays' inside test -s /var/lib/puypuy/spool.db
test_that 'the configuration stays' inside grep -q 'TSDB:away' /etc/puypuy/config.ini

echo "== install again"
test_that 'the package installs' inside dpkg --install /root/puypuy.deb
test_that 'the service runs' within 10 is_active
export_points "$work/points-again"
test_that 'no point of before is lost' \
    [ "$(comm -23 "$work/points-after" "$work/points-again" | wc -l)" -eq 0 ]

echo "== purge"
test_that 'the package is purged' inside dpkg --purge puypuy
test_that 'nothing of it runs' nothing_runs
test_that 'its user and group are gone' \
    [ -z "$(inside getent passwd puypuy; inside getent group puypuy)" ]
files >"$work/after"
test_that 'no file is left' diff "$work/before" "$work/after"

if command -v lintian >/dev/null; then
    test_that 'lintian finds nothing' \
        lintian --allow-root --fail-on error,warning "$package"
else
    echo "lintian is not installed; the package was not checked by it"
fi

echo "$passed passed, $failed failed"
echo "after $SECONDS s" >&2
[ "$failed" -eq 0 ]
