#!/usr/bin/env bash
# A fresh Debian 12 that has nothing but the repository: ./quickstart installs what it needs and renders.
# SHARE_CCACHE=1: what this machine has compiled already is not compiled again there.
number=0
if [ "$(id -u)" -ne 0 ]; then
  echo "1..0 # SKIP needs root for a chroot"
  exit 0
fi
command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap >/dev/null 2>&1
mirror=$(grep -rhoE --include='*.list' --include='*.sources' 'https?://[^ ]+/debian/?$' /etc/apt 2>/dev/null | head -n 1)
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
[ -z "${http_proxy:-}" ] || export http_proxy
root=$(mktemp -d)
clean() {
  [ ! -x "$root/src/quickstart" ] || chroot "$root" /src/quickstart --stop >/dev/null 2>&1
  for point in proc sys dev root/.cache/ccache; do umount -l "$root/$point" 2>/dev/null; done
  mountpoint -q "$root/root/.cache/ccache" && return  # it is the machine's
  rm -rf --one-file-system "$root"
  rm -f "$root.log" "$root.out" "$root.err"
}
trap clean EXIT
if ! debootstrap --variant=minbase bookworm "$root" "${mirror:-http://deb.debian.org/debian}" >"$root.log" 2>&1; then
  tail -n 5 "$root.log" | sed 's/^/# /'
  echo "1..0 # SKIP debootstrap has no mirror"
  exit 0
fi
# How the mirror is reached, and nothing of where else this machine gets packages.
for part in apt.conf apt.conf.d auth.conf auth.conf.d; do
  [ ! -e "/etc/apt/$part" ] || cp -a "/etc/apt/$part" "$root/etc/apt/"
done
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null
mkdir -p "$root/src"
(cd "${top_srcdir:?}" && git ls-files -z 2>/dev/null | tar --null -T - -cf -) | tar -C "$root/src" -xf -
# Slaves: where the machine's own mounts are shared, taking these away would take /dev/pts from the machine, too.
mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev" &&
  mount --rbind /sys "$root/sys" && mount --make-rslave "$root/sys"
compiled=()
if [ -n "${SHARE_CCACHE:-}" ]; then
  mkdir -p "$root/root/.cache/ccache" && mount --bind "$(ccache --get-config cache_dir)" "$root/root/.cache/ccache"
  compiled=("CCACHE_SLOPPINESS=$(ccache --get-config sloppiness)" "CCACHE_MAXSIZE=$(ccache --get-config max_size)")
fi
number=1
if chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "${compiled[@]}" \
  /src/quickstart >"$root.out" 2>"$root.err" </dev/null &&
  [ "$(tail -n 3 "$root.out" | cut -d: -f1 | tr '\n' ' ')" = "frames web login " ]; then
  echo "ok 1 - quickstart_works_on_a_fresh_debian_12"
else
  echo "not ok 1 - quickstart_works_on_a_fresh_debian_12"
  tail -n 30 "$root.err" | sed 's/^/# /'
fi
echo "1..$number"
