#!/bin/busybox sh
# shellcheck shell=dash
# First process of the guest, in the initrd: puts a forgetful layer over this machine's root and goes there. A failure
# ends it, and the kernel with it.
set -e
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module"; done
options=trans=virtio,version=9p2000.L,msize=512000
mkdir -p /lower /layer /merged
mount -t 9p -o "ro,cache=loose,$options" root /lower
mount -t tmpfs layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work overlay /merged
for folder in proc sys dev; do mount --move "/$folder" "/merged/$folder"; done
mount -t tmpfs run /merged/run
mount -t tmpfs tmp /merged/tmp
mkdir /merged/run/proof
mount -t 9p -o "ro,$options" proof /merged/run/proof
version=$(uname -r)
mkdir -p "/merged/lib/modules/$version"
mount -t 9p -o "ro,cache=loose,$options" modules "/merged/lib/modules/$version"
exec switch_root /merged /bin/bash /run/proof/inside.sh
