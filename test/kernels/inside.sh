#!/usr/bin/env bash
# What is proved in the guest, as its first process. /run/proof holds: top, tests (the executables of the cargo tests), figures,
# gateway.bpf.o. The last line says how it went; a guest that dies before has said nothing.
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
top=$(cat /run/proof/top)
PATH=$top/.tools/bin:$PATH
version=$(uname -r)
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
ip link set lo up

failed=()
prove() {
  local what=$1
  shift
  echo "== $version: $what"
  "$@" || failed+=("$what")
}
older_than() { [ "$(printf '%s\n%s\n' "$1" "$version" | sort --version-sort | tail -1)" = "$1" ]; }

prove 'the verifier on each program' /run/proof/figures /run/proof/gateway.bpf.o

# Each case takes time under emulation, and among fewer there may be no question that is answered; the full number runs on
# this machine's own kernel in `make test`.
export PROPTEST_CASES=32
# Before 6.3 the kernel does not tell whether a veth takes redirects, and the gateway takes it for one that does. These three
# have veths that do not.
skipped=()
older_than 6.3 && skipped=(--skip the_next_process_finds_the_tables_and_counts_on --skip shortcuts::)
while read -r test; do
  prove "cargo test ${test##*/}" env --chdir="$top/native/datapath" timeout 400 \
    "$test" --test-threads=1 "${skipped[@]}"
done </run/proof/tests

export VTEPGW_PATIENCE=10 TAP_TIMEOUT=300
prove 'the demonstration: ping and TCP in tc mode' timeout 240 node "$top/dist-test/test/lab/demo.js" --once
export VTEPGW_MODES=xdp
prove 'ARP, ping and TCP in XDP mode' timeout 400 node "$top/dist-test/test/e2e/reach.test.js"

if [ ${#failed[@]} = 0 ]; then
  echo "== $version: proved"
else
  printf "== $version: FAILED: %s\n" "${failed[@]}"
fi
echo o >/proc/sysrq-trigger
sleep 60
