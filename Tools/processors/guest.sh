#!/bin/bash
# Runs zoo in an emulated machine with many processors, for docs/processors.md:
#   Tools/processors/guest.sh PROCESSORS NODES [THREADS_PER_CORE]
# For example 64 4, or 8 1 2. The machine is Debian's kernel with busybox in qemu, without hardware support: correct, not fast. guest-init runs in it. Debian, as root: installs qemu-system-x86, busybox-static and cpio, and downloads a kernel.
set -euo pipefail
processors=$1 nodes=$2 threads=${3:-1}
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$(dirname "$0")/../.." && pwd)
zoo=${ZOO:-$root/.build/release/zoo} work=$root/.build/guest
mkdir -p "$work"
for package in qemu-system-x86 busybox-static cpio; do
  dpkg -s "$package" > /dev/null 2>&1 || apt-get install -y --no-install-recommends "$package" > /dev/null
done
if ! ls "$work"/boot/vmlinuz-* > /dev/null 2>&1; then
  kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
  (cd "$work" && apt-get download -qq "$kernel" && dpkg-deb --fsys-tarfile "$kernel"_*.deb | tar -x ./boot && rm "$kernel"_*.deb)
fi

# The guest's files: zoo with its libraries, the demo model, pictures.
files=$work/files
"$here/guest-files.sh" "$files" "$zoo"
mkdir "$files/zoo/pictures"
for number in $(seq 1 66); do
  cp "$root/Examples/examples/scene$((number % 6 + 1)).jpg" "$files/zoo/pictures/$(printf %03d "$number").jpg"
done
cp "$here/guest-init" "$files/init"
(cd "$files" && find . | cpio -o -H newc --quiet) > "$work/files.cpio"

# As many processors and as much memory for each node.
memory=$((4096 / nodes)) topology=()
for node in $(seq 0 $((nodes - 1))); do
  topology+=(-object "memory-backend-ram,size=${memory}M,id=memory$node"
    -numa "node,nodeid=$node,memdev=memory$node,cpus=$((node * processors / nodes))-$(((node + 1) * processors / nodes - 1))")
done
exec nice qemu-system-x86_64 -accel tcg,thread=multi -cpu max,vendor=GenuineIntel -machine q35 -m 4096 \
  -smp "$processors,sockets=$nodes,cores=$((processors / nodes / threads)),threads=$threads" "${topology[@]}" \
  -kernel "$work"/boot/vmlinuz-* -initrd "$work/files.cpio" -append "console=ttyS0 quiet panic=-1 rcupdate.rcu_cpu_stall_suppress=1" \
  -display none -serial stdio -monitor none -nic none -no-reboot
