#!/bin/sh
# stage.sh BINARY FOLDER SWIFT SCRATCH: creates the files of an installation, laid out as below a prefix.
set -eu
binary=$1 root=$2 swift=$3 scratch=$4

install -D -m 755 "$binary" "$root/bin/zoo"

# The manual, made by the argument parser's own plugin; asking for its help builds its tool.
"$swift" package --scratch-path "$scratch" generate-manual --help > "$scratch/manual.log" 2>&1 || { cat "$scratch/manual.log" >&2; exit 1; }
tool=$(find "$scratch" -type f -perm -u+x -name 'generate-manual*' | head -n 1)
mkdir -p "$root/share/man/man1"
"$tool" "$binary" --multi-page --date "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)" --output-directory "$root/share/man/man1"
# Empty lines are paragraphs, and lines of an example in JSON stay lines. `man zoo explain` looks for zoo-explain, but the plugin writes zoo.explain, with "zoo explain" in the name line.
for page in "$root"/share/man/man1/*.1; do
  name=$(basename "$page" .1 | tr . -)
  sed -i -e 's/^$/.Pp/' -e '/^[]{"]/i .br' -e '/^\.\(Xr\|Dt\) /{s/\./-/g;s/^-/./}' -e "s/^\.Nm \".*\"\$/.Nm $name/" -e "s/^\.Nm\$/.Nm \"$(echo "$name" | tr - ' ')\"/" "$page"
  [ "$page" = "$root/share/man/man1/$name.1" ] || mv "$page" "$root/share/man/man1/$name.1"
done
gzip -9n "$root"/share/man/man1/*.1

for shell in bash:bash-completion/completions/zoo zsh:zsh/vendor-completions/_zoo fish:fish/vendor_completions.d/zoo.fish; do
  target=$root/share/${shell#*:}
  mkdir -p "$(dirname "$target")"
  # The shell sources it instead of running it.
  "$binary" --generate-completion-script "${shell%%:*}" | sed '1{/^#!/d}' > "$target"
done

doc=$root/share/doc/zoo
mkdir -p "$doc/Licences"
install -m 644 LICENSE NOTICE README.md CHANGELOG.md SECURITY.md "$doc"
install -m 644 Licences/* "$doc/Licences"
