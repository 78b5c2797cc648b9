import ArgumentParser
import ZooExplain
import ZooManifests
import ZooModels
import ZooStore

extension CompletionKind {
  /// Names of installed models.
  static let installedModels = CompletionKind.custom { _, _, prefix in
    names(ModelStore().installed().map(\.name), prefix)
  }

  /// Names of installed and registered models.
  static let knownModels = CompletionKind.custom { _, _, prefix in
    names(ModelStore().installed().map(\.name) + registered, prefix)
  }

  /// Names of registered models, with tags.
  static let registeredModels = CompletionKind.custom { _, _, prefix in names(registered, prefix) }

  /// Lists of explanation methods, and the word for all of them if a command accepts it.
  static func methods(or all: String? = nil) -> CompletionKind {
    .custom { _, _, prefix in
      // In a list, the last name is being typed.
      let typed = prefix.split(separator: ",", omittingEmptySubsequences: false).last ?? "",
        start = prefix.dropLast(typed.count)
      return (HeatmapMethod.all.map(\.id) + (all.map { [$0] } ?? [])).filter { $0.hasPrefix(typed) }.map { start + $0 }
    }
  }
}

private var registered: [ModelName] {
  Registry.builtIn.manifests.flatMap { manifest in
    manifest.weights.map { ModelName(architecture: manifest.name, tag: $0.tag) }
  }
}

/// Not all shells filter by what has been typed. In zsh a bare colon would begin a description.
private func names(_ all: [ModelName], _ prefix: String) -> [String] {
  let isZsh = CompletionShell.requesting == .zsh
  let typed = isZsh ? prefix.replacing("\\", with: "") : prefix
  return Set(all.map(\.description)).filter { $0.hasPrefix(typed) }.sorted()
    .map { isZsh ? $0.replacing(":", with: "\\:") : $0 }
}

/// What the generated script for bash lacks: bash ends words at a colon, so it would complete the part after the colon as a word.
enum BashCompletion {
  /// The script with names of models as whole words; nil for any other text.
  static func completing(_ text: String) -> String? {
    text.hasPrefix("#!/bin/bash") && text.contains("complete -o filenames -F _zoo zoo") ? text + addition : nil
  }

  private static let addition = #"""


    # Words as they were typed, with their colons; bash replaces what follows the last one.
    _zoo_with_colons() {
        local rest="${COMP_LINE}" whole='' cur="${2}" word
        local -a words=()
        local -i cword=0 index
        for index in "${!COMP_WORDS[@]}"; do
            word="${COMP_WORDS[index]}"
            if [[ "${#words[@]}" -gt 0 && "${rest}" != [[:space:]]* && -n "${rest}" && ("${word}" = :* || "${whole}" = *:) ]]; then
                [[ "${index}" -eq "${COMP_CWORD}" ]] && { [[ "${word}" = :* ]] && cur="${whole}${word}" || cur="${whole}${2}"; }
                whole+="${word}"
                words[${#words[@]} - 1]="${whole}"
            else
                whole="${word}"
                words+=("${whole}")
            fi
            [[ "${index}" -eq "${COMP_CWORD}" ]] && cword=${#words[@]}-1
            rest="${rest#"${rest%%[![:space:]]*}"}"
            rest="${rest#"${word}"}"
        done
        local -a COMP_WORDS=("${words[@]}")
        local -i COMP_CWORD="${cword}"
        _zoo "${1}" "${cur}" "${words[cword - 1]}"
        [[ "${COMPREPLY[*]}" = *:* ]] && compopt +o filenames 2>/dev/null
        if [[ "${cur}" = *:* && "${COMP_WORDBREAKS}" = *:* ]]; then
            COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
        fi
    }

    complete -o filenames -F _zoo_with_colons zoo
    """#
}
