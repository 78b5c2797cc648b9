#!/bin/sh
# deb.sh FOLDER OUT RELEASE: a Debian package of a staged installation. Its Depends are those of this system's libraries.
set -eu
staged=$1 out=$2 release=$3
work=$(dirname "$staged")/deb
tree=$work/tree
architecture=$(dpkg --print-architecture)
# In Debian's order 0.1.0~dev comes before 0.1.0.
version=$(echo "$ZOO_VERSION" | tr - '~')-1+$release
maintainer="The zoo authors <zoo@users.noreply.github.com>"

mkdir -p "$tree/usr" "$tree/DEBIAN" "$work/debian"
cp -r "$staged/." "$tree/usr"
doc=$tree/usr/share/doc/zoo
# Debian's names for the files of a package; the licence itself is in base-files.
mv "$doc/CHANGELOG.md" "$doc/changelog"
gzip -9n "$doc/changelog"
rm "$doc/LICENSE"
cat > "$doc/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: zoo
Comment: Licences/README.md tells for each part of the binary which text is its licence.

Files: *
Copyright: 2026 The zoo authors
License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.
Comment: Of what the binary holds of others, the texts are in /usr/share/doc/zoo/Licences.
END
gzip -9n > "$doc/changelog.Debian.gz" <<END
zoo ($version) unstable; urgency=medium

  * Version $ZOO_VERSION; see changelog.gz.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END

printf 'Source: zoo\n\nPackage: zoo\nArchitecture: any\n' > "$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O -e"$tree/usr/bin/zoo" 2>/dev/null | sed 's/^shlibs:Depends=//')
cat > "$tree/DEBIAN/control" <<END
Package: zoo
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Section: science
Priority: optional
Installed-Size: $(du -sk --apparent-size "$tree/usr" | cut -f1)
Depends: $depends
Recommends: libpangocairo-1.0-0, fonts-dejavu-core, ca-certificates
Suggests: libhdf5-103-1 | libhdf5-310
Description: converts, keeps and explains CLIP-like vision-language models
 zoo turns checkpoints of CLIP, SigLIP, CoCa and their relatives into one
 checked layout, keeps them in a local zoo, and highlights the regions of a
 picture that match a text prompt (LeGrad and its peers), on a CPU and without
 Python. It has a local web page, an HTTP API, and commands that evaluate maps.
END
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/zoo_${version}_$architecture.deb" > /dev/null
