#!/usr/bin/env bash
# Proves that the README's commands need nothing but Debian 12, git and make: makes a bare Debian 12 root from this
# machine's package mirrors, clones the committed tree into it, and runs the commands there with all their installing.
# A chroot shares the kernel, and the commands make network namespaces of their own in it.
#
#   test/bare/prove.sh [COMMAND ...]      default: 'make run DEMO_ARGS=--once' twice, 'make test' 'make check'
#
# Whatever is given twice must take less than 20 s the second time: nothing is installed or built any more.
# Needs root, mmdebstrap and a kernel with eBPF; takes half an hour and 5 GB in /var/tmp, all of it removed at the end.
set -euo pipefail

demonstration='make run DEMO_ARGS=--once'
commands=("$@")
[ ${#commands[@]} -gt 0 ] || commands=("$demonstration" "$demonstration" 'make test' 'make check')
top=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
[ "$(id -u)" = 0 ] || {
  echo 'prove.sh: root is needed' >&2
  exit 1
}
command -v mmdebstrap >/dev/null || apt-get -qq install -y --no-install-recommends mmdebstrap >/dev/null

work=$(mktemp -d /var/tmp/vtep-bare.XXXXXX)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT

# What this machine needs to reach its mirrors, and nothing else of it: sources, certificates, proxies, npm's registry.
mapfile -t sources < <(grep -ls bookworm /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources})
apt-config dump | grep -E '^Acquire::(Check-|https?::|.*Proxy)' >"$work/apt.conf" || true
printf 'npm_config_registry=%s\n' "$(npm config get registry 2>/dev/null)" >"$work/environment"
env | grep -iE '^(https?_proxy|no_proxy|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|CARGO_(HTTP|NET|REGISTR|SOURCE)[A-Z_]*)=' >>"$work/environment" || true

echo "== making a bare Debian 12 root in $root"
mmdebstrap --quiet --variant=apt --aptopt="$work/apt.conf" --include=ca-certificates,git,make bookworm "$root" "${sources[@]}"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
chroot "$root" update-ca-certificates >/dev/null 2>&1
git clone --quiet --no-hardlinks "$top" "$root/opt/vtep-gateway"

# The mounts and processes live in namespaces that end with this command, however it ends.
cat >"$work/inside.sh" <<'INSIDE'
set -euo pipefail
root=$1
shift
mount --bind "$root" "$root" # ip netns exec wants / to be a mount point
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"

# A user without root is refused with one sentence, before anything is installed.
refusal=$(chroot --userspec=nobody:nogroup "$root" make -C /opt/vtep-gateway --no-print-directory run 2>&1 >/dev/null || true)
grep -q '^vtep-gateway: root is needed' <<<"$refusal" || {
  printf 'prove.sh: no clear refusal without root, but:\n%s\n' "$refusal" >&2
  exit 1
}

declare -A done_before
for command in "$@"; do
  echo "== bare Debian 12: $command"
  SECONDS=0
  chroot "$root" bash -c "cd /opt/vtep-gateway && $command" </dev/null
  took=$SECONDS
  echo "== bare Debian 12: $command: succeeded in $took s"
  if [ -n "${done_before[$command]:-}" ] && [ "$took" -ge 20 ]; then
    echo "prove.sh: the second '$command' took $took s; the limit is 20 s" >&2
    exit 1
  fi
  done_before[$command]=1
done
INSIDE
mapfile -t environment <"$work/environment"
inside=(env -i "${environment[@]}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
  unshare --mount --propagation private --pid --fork --kill-child bash "$work/inside.sh" "$root")

"${inside[@]}" "${commands[@]}"
echo "== bare Debian 12: every command succeeded"
