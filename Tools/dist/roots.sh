#!/bin/sh
# roots.sh COMMAND RELEASE...: creates fresh roots of Debian releases with debootstrap (as root). Removes them at the end, unless KEEP is set.
#   build    makes out/dist-RELEASE in a root of each release, with this machine's Swift and packages already fetched
#   check    installs what `build` made, or `make dist` for this machine's own release, in a root without Swift, and runs it
set -eu
cd "$(dirname "$0")/../.."
command=$1
shift
here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
roots=${ROOTS:-/var/tmp/zoo-roots}
command -v debootstrap > /dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }

mounted=""
finish() {
  for place in $mounted; do umount "$place"; done
  [ -n "${KEEP:-}" ] || rm -rf "$roots/$command"-*
}
trap finish EXIT

bind() {
  mkdir -p "$2"
  mount --bind "$1" "$2"
  mounted="$2 $mounted"
}

for release; do
  base=$roots/$release.base root=$roots/$command-$release
  [ -e "$base/bin/sh" ] || debootstrap --variant=minbase "$release" "$base" "$mirror" > /dev/null
  rm -rf "$root"
  cp -a "$base" "$root"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  bind /proc "$root/proc"
  bind /dev "$root/dev"
  case $command in
    build)
      swift=$(readlink -f "$(command -v "${SWIFT:-swift}")")
      mkdir -p "$root/build/another/place"
      git clone -q . "$root/build/another/place/zoo"
      bind "$(dirname "$(dirname "$(dirname "$swift")")")" "$root/opt/swift"
      bind "$HOME/.cache/org.swift.swiftpm" "$root/root/.cache/org.swift.swiftpm"
      cat > "$root/build.sh" <<'END'
set -eu
export PATH=/opt/swift/usr/bin:$PATH HOME=/root
cd /build/another/place/zoo
Tools/dist/prepare.sh > /dev/null
make dist
END
      chroot "$root" sh /build.sh
      rm -rf "out/dist-$release"
      cp -r "$root/build/another/place/zoo/out/dist" "out/dist-$release"
      ;;
    check)
      packages=out/dist-$release
      if [ "$release" = "$here" ] && [ ! -d "$packages" ]; then packages=out/dist; fi
      mkdir "$root/check"
      cp "$packages"/* Tools/dist/check_installed.sh "$root/check"
      cp -r Examples/ViT-Ti-8-emoji Examples/examples "$root/check"
      chroot "$root" sh /check/check_installed.sh
      ;;
  esac
done
