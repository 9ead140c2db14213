#!/usr/bin/env bash
# Proves on older kernels what the READMEs promise of them: boots Debian's kernel packages under qemu without hardware
# acceleration, with this machine's root below a forgetful layer, and runs inside.sh there.
#
#   test/kernels/prove.sh [PACKAGE ...]      default: linux-image-amd64 (6.1 in Debian 12) and linux-image-6.12-amd64
#
# The tree must be built (`make kernels` does). Packages are cached under .tools/kernels; the guest writes nothing here.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly limit_s=1200 cache=$PWD/.tools/kernels

packages=("$@")
[ ${#packages[@]} -gt 0 ] || packages=(linux-image-amd64 linux-image-6.12-amd64)
[ "$(uname -m)" = x86_64 ] || {
  echo 'prove.sh: only on x86_64, whose kernels it boots' >&2
  exit 1
}
proof=$(mktemp -d /var/tmp/vtep-kernels.XXXXXX)
trap 'rm -rf --one-file-system "$proof"' EXIT

# Puts the kernel of a package, or of the one that a meta-package stands for, under .tools/kernels; prints the folder.
fetch() {
  local package=$1 folder version
  package=$(apt-cache depends --important "$package" | awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
  package=${package:-$1}
  folder=$cache/$package
  if [ ! -e "$folder/done" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download "$package" && dpkg-deb -x ./*.deb . && rm ./*.deb)
    version=$(ls "$folder/lib/modules")
    depmod -b "$folder" "$version"
    touch "$folder/done"
  fi
  echo "$folder"
}

# The initrd: busybox, and the modules that reach the root, numbered in the order of loading.
make_initrd() {
  local kernel=$1 version=$2 root=$proof/initrd number=100 module file
  rm -rf "$root"
  mkdir -p "$root"/{bin,modules,proc,sys,dev}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for tool in sh mount mkdir insmod uname switch_root; do ln -s busybox "$root/bin/$tool"; done
  install -m 755 test/kernels/init.sh "$root/init"
  for module in virtio_pci 9pnet_virtio 9p overlay; do
    modprobe -d "$kernel" -S "$version" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$proof/modules"
  while read -r file; do
    number=$((number + 1))
    case $file in
      *.xz) xz -dc "$file" >"$root/modules/$number.ko" ;;
      *) cp "$file" "$root/modules/$number.ko" ;;
    esac
  done <"$proof/modules"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$proof/initrd.gz"
}

share() { # share TAG PATH: a folder of this machine that the guest can read
  printf '%s\n' -fsdev "local,id=$1,path=$2,security_model=none,readonly=on,multidevs=remap" \
    -device "virtio-9p-pci,fsdev=$1,mount_tag=$1"
}

boot() {
  local kernel=$1 version=$2 shares
  mapfile -t shares < <(share root / && share proof "$proof/share" && share modules "$kernel/lib/modules/$version")
  timeout --kill-after=10 "$limit_s" qemu-system-x86_64 -accel tcg -cpu max -m 2048 -smp 1 \
    -nodefaults -no-user-config -display none -serial stdio -no-reboot \
    -kernel "$kernel/boot/vmlinuz-$version" -initrd "$proof/initrd.gz" \
    -append 'console=ttyS0 panic=-1 quiet' "${shares[@]}" </dev/null
}

mkdir -p "$proof/share" "$cache"
echo '== building the tests of native/datapath'
cargo test --quiet --manifest-path native/Cargo.toml -p datapath --no-run --message-format=json >"$proof/cargo.json"
# BFD has timers that emulation breaks, and needs Open vSwitch.
node -e '
  const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line))
  const tests = lines.filter((line) => line.executable && line.target.kind.includes("test") && line.target.name !== "bfd")
  console.log(tests.map((line) => line.executable).join("\n"))
' <"$proof/cargo.json" >"$proof/share/tests"
object=$(node -e '
  const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line))
  console.log(lines.find((line) => line.reason === "build-script-executed" && /datapath/.test(line.package_id)).out_dir)
' <"$proof/cargo.json")
cp "$object/gateway.bpf.o" test/kernels/inside.sh "$proof/share/"
cc -O2 -Wall -Wextra -o "$proof/share/figures" test/kernels/figures.c -lbpf
echo "$PWD" >"$proof/share/top"

failed=()
for package in "${packages[@]}"; do
  kernel=$(fetch "$package")
  version=$(ls "$kernel/lib/modules")
  make_initrd "$kernel" "$version"
  echo "== booting $version"
  boot "$kernel" "$version" | tee "$cache/$version.log" || true
  grep -q "^== $version: proved" "$cache/$version.log" || failed+=("$version")
done
[ ${#failed[@]} = 0 ] || {
  echo "== not proved on ${failed[*]} (logs in .tools/kernels)" >&2
  exit 1
}
echo '== proved on every kernel'
