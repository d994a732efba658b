#!/bin/sh
# Makes a raw ext4 disk with a minimal Debian 13 (trixie) riscv64 system that boots systemd to a login prompt (root, no password)
# on ttyS0. Packages come from the archive the host's own apt is configured with, verified by the host's Debian keyring; nothing
# of the host is changed. The packages' own set-up scripts are riscv64 programs, so they run in qemu-system-riscv64 with the
# kernel and initrd of `emu images pull debian-riscv64`.
#
#   eng/make-debian-rootfs.sh OUTPUT.ext4 [SIZE]         SIZE as mke2fs takes it, default 1G
#
# IMAGE_DIR        where vmlinuz and initrd are           (default: the pulled image in the user's cache)
# EXTRA_PACKAGES   more packages to install               (default: none)
# EMULATOR_DEBIAN_ARCHIVE   the archive's URI             (default: the one in the host's apt sources)
# Needs apt-get, dpkg-deb, mke2fs, qemu-system-riscv64, and root or fakeroot.
set -eu

SUITE=trixie
SUITE_ALIAS=stable # while it is the current release
ARCHITECTURE=riscv64
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
PACKAGES="apt passwd login systemd-sysv udev dbus libpam-systemd kmod e2fsprogs iproute2 procps ${EXTRA_PACKAGES:-}"
SECOND_STAGE_LIMIT=7200 # seconds; two minutes of work on an idle host

fail() { echo "make-debian-rootfs: $*" >&2; exit 3; }

[ $# -ge 1 ] || fail "usage: $0 OUTPUT.ext4 [SIZE]"
output=$1
size=${2:-1G}
images=${IMAGE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/emulator/images/debian-riscv64}
PATH=$PATH:/usr/sbin:/sbin

for tool in apt-get dpkg-deb mke2fs qemu-system-riscv64; do
    command -v $tool > /dev/null || fail "$tool is not installed"
done
[ -r "$images/vmlinuz" ] && [ -r "$images/initrd" ] || fail "no vmlinuz and initrd in $images: run 'emu images pull debian-riscv64'"
[ -r $KEYRING ] || fail "$KEYRING is missing: install debian-archive-keyring"
if [ "$(id -u)" -ne 0 ] && [ -z "${FAKEROOTKEY:-}" ]; then
    command -v fakeroot > /dev/null || fail "file owners need root or fakeroot"
    exec fakeroot sh "$0" "$@"
fi

work=$(mktemp -d)
disk=$output.new
trap 'rm -rf "$work" "$disk"' EXIT
trap 'fail interrupted' HUP INT TERM

# The first archive among the host's sources that serves component main of a Debian suite (not security, not a third party's).
suites='(bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)'
uri=${EMULATOR_DEBIAN_ARCHIVE:-}
[ -n "$uri" ] || uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null | sed -E 's/\[[^]]*\]//' |
    awk -v s="^$suites\$" '$1 == "deb" && $2 ~ /debian\/?$/ && $3 ~ s && / main( |$)/ { print $2; exit }')
[ -n "$uri" ] || uri=$(cat /etc/apt/sources.list.d/*.sources 2> /dev/null |
    awk -v RS= -v s="\nSuites:[^\n]* ?$suites( |\n)" '("\n" $0 "\n") ~ s && /Components:[^\n]* main/' |
    awk '$1 == "URIs:" && $2 ~ /debian\/?$/ { print $2; exit }')
[ -n "$uri" ] || fail "no Debian archive in /etc/apt/sources.list or /etc/apt/sources.list.d: set EMULATOR_DEBIAN_ARCHIVE"

cp "$images/vmlinuz" "$work/kernel" # a pull may replace them while the guest runs
cp "$images/initrd" "$work/initramfs"
mkdir -p "$work/none" "$work/state/lists/partial" "$work/cache/archives/partial" "$work/root"
: > "$work/status"
# The host's network set-up (proxies, certificates) still applies; its hooks and extra indexes do not.
apt-config dump Acquire | grep -E '^Acquire::(https?|ftp|Retries|Check-|ForceIPv)' > "$work/apt.conf" || :
cat >> "$work/apt.conf" << END
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$work/none/";
Dir::Etc::sourcelist "$work/debian.sources";
Dir::Etc::sourceparts "$work/none/";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$work/none/";
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Architecture "$ARCHITECTURE";
APT::Architectures { "$ARCHITECTURE"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
END
# Reads the lists of a suite, which must be the release we want.
read_lists() {
    cat > "$work/debian.sources" << END
Types: deb
URIs: $uri
Suites: $1
Components: main
Architectures: $ARCHITECTURE
Signed-By: $KEYRING
END
    apt-get -qq update && [ "$(apt-get indextargets --format '$(CODENAME)' | head -n 1)" = $SUITE ]
}

echo "Fetching packages"
APT_CONFIG=$work/apt.conf
export APT_CONFIG
# While a mirror is being updated, one of a release's two names may be whole and the other half replaced.
read_lists $SUITE || { echo "Trying its other name, $SUITE_ALIAS"; read_lists $SUITE_ALIAS; } || fail "cannot read the package lists of Debian $SUITE"
# What the second stage needs before dpkg has installed anything.
essential=$(apt-get -qq --print-uris install '?essential' mount | sed -E 's/^[^ ]+ ([^ ]+) .*/\1/')
# shellcheck disable=SC2086 # a list of names
apt-get -qq -y --download-only install '?essential' $PACKAGES > /dev/null
unset APT_CONFIG

echo "Unpacking the essential packages"
root=$work/root
mkdir -p "$root/second-stage/essential" "$root/second-stage/rest"
dpkg-deb -x "$(echo "$work"/cache/archives/base-files_*.deb)" "$root" # the links from /bin, /lib, /sbin to /usr
for package in $essential; do
    dpkg-deb -x "$work/cache/archives/$package" "$root"
    mv "$work/cache/archives/$package" "$root/second-stage/essential/"
done
mv "$work"/cache/archives/*.deb "$root/second-stage/rest/"
for package in "$root"/second-stage/*/*.deb; do # the host unpacks xz much faster than the guest
    dpkg-deb -R "$package" "$work/package"
    dpkg-deb -Znone -b "$work/package" "$package" > /dev/null
    rm -rf "$work/package"
done
: > "$root/var/lib/dpkg/status"
: > "$root/var/lib/dpkg/available"
printf 'deb %s %s main\n' "$uri" "$SUITE" > "$root/etc/apt/sources.list"
printf '/dev/vda / ext4 defaults,noatime 0 1\n' > "$root/etc/fstab"
printf 'debian\n' > "$root/etc/hostname"
printf '127.0.0.1 localhost debian\n' > "$root/etc/hosts"
cat > "$root/second-stage/run" << 'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
# Not unmounted, as the libraries in use have been replaced: the host checks the file system, which replays its journal.
finish() { sync; exec systemctl poweroff --force --force; }
trap finish EXIT
set -e
mount -o remount,rw /
mount -t tmpfs tmpfs /run
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d # nothing is started while it is installed
chmod 755 /usr/sbin/policy-rc.d
ln -sf mawk /usr/bin/awk # base-files is configured before the alternatives exist
dpkg --force-unsafe-io --force-depends --install /second-stage/essential/*.deb
dpkg --force-unsafe-io --force-depends --unpack /second-stage/rest/*.deb
dpkg --force-unsafe-io --configure -a
passwd --delete root
systemctl enable serial-getty@ttyS0.service
systemctl mask systemd-networkd-wait-online.service
: > /etc/machine-id
rm -rf /usr/sbin/policy-rc.d /var/cache/debconf/*-old /var/log/*.log /second-stage
fstrim /
echo "SECOND STAGE: DONE"
END
chmod 755 "$root/second-stage/run"

echo "Making the file system"
mke2fs -q -F -t ext4 -L root -d "$root" "$disk" "$size" > /dev/null
rm -rf "$root"

echo "Setting the packages up in the guest"
timeout $SECOND_STAGE_LIMIT qemu-system-riscv64 -M virt -m 1G -nographic -no-reboot \
    -kernel "$work/kernel" -initrd "$work/initramfs" \
    -append "console=ttyS0 quiet root=/dev/vda rootfstype=ext4 init=/second-stage/run panic=-1" \
    -drive "file=$disk,format=raw,if=none,id=root,cache=unsafe,discard=unmap" -device virtio-blk-device,drive=root \
    < /dev/null > "$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail "the guest did not power off"; }
grep -q 'SECOND STAGE: DONE' "$work/log" || { tail -n 40 "$work/log" >&2; fail "setting the packages up failed"; }

e2fsck -fy "$disk" > /dev/null || [ $? -le 1 ] || fail "the new file system is damaged"
mv "$disk" "$output"
echo "Made $output"
