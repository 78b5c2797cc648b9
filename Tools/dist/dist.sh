#!/bin/sh
# Makes out/dist: a package for this release of Debian, an archive with the same files, SBOM and checksums. The same commit gives
# the same bytes in any folder, with the same Swift and the same libraries.
set -eu
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}
scratch=${DIST_SCRATCH:-$PWD/.build-dist}
out=$PWD/out/dist
machine=$(uname -m)
ZOO_VERSION=$(Tools/dist/version.sh)
# All files get the time of the commit.
if [ -e .git ]; then epoch=$(git log -1 --format=%ct); else epoch=$(sed -n 2p Tools/dist/describe.txt); fi
case ${SOURCE_DATE_EPOCH:=$epoch} in *[!0-9]*) SOURCE_DATE_EPOCH=0 ;; esac
export ZOO_VERSION SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022

# Stripped, all functions resolved at startup and their table read-only, relocations packed, unreachable functions removed and identical
# ones merged, and without paths of this machine.
flags="--scratch-path $scratch --static-swift-stdlib --disable-local-rpath $(Tools/more-formats.sh)"
for flag in -z now -z relro -z pack-relative-relocs -s --build-id=sha1 --gc-sections --icf=safe --no-export-dynamic "-Map=$scratch/zoo.map"; do
  flags="$flags -Xlinker $flag"
done
# Of Foundation, only FoundationEssentials: the remainder with ICU would be 47 MB. Whoever needs more of it, the linker names.
for library in libFoundation libCoreFoundation libFoundationInternationalization lib_FoundationICU; do
  flags="$flags -Xlinker --remap-inputs=*/swift_static/linux/$library.a=/dev/null"
done
flags="$flags -Xswiftc -use-ld=lld -Xswiftc -file-prefix-map -Xswiftc $PWD=. -Xswiftc -file-prefix-map -Xswiftc $scratch=.build"
flags="$flags -Xcc -ffile-prefix-map=$PWD=. -Xcc -ffile-prefix-map=$scratch=.build"
set -f # the patterns are the linker's
# shellcheck disable=SC2086
"$swift" build -c release --product zoo $flags
set +f
built=$("$swift" build -c release --scratch-path "$scratch" --show-bin-path)/zoo

release=$(. /etc/os-release && echo "$ID$VERSION_ID")
name=zoo-$ZOO_VERSION-$release-$machine
rm -rf "$out"
mkdir -p "$out"
root=$scratch/root/$name
rm -rf "$scratch/root"
Tools/dist/stage.sh "$built" "$root" "$swift" "$scratch"
python3 Tools/dist/sbom.py "$built" "$release" > "$root/share/doc/zoo/zoo.spdx.json"
cp "$root/share/doc/zoo/zoo.spdx.json" "$out/$name.spdx.json"

tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -C "$scratch/root" -cf - "$name" |
  gzip -9n > "$out/$name.tar.gz"
Tools/dist/deb.sh "$root" "$out" "$release"
(cd "$out" && sha256sum -- * > SHA256SUMS)
ls -l "$out"
