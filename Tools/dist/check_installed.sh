#!/bin/sh
# Runs inside a fresh root, as root, in the folder of this file: installs the package, runs the demo, removes it; then does the same with the archive.
set -eu
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive ZOO_HOME=/tmp/zoo LC_ALL=C.UTF-8
say() { echo "  ok: $*"; }

if command -v swift > /dev/null 2>&1; then echo "There is a Swift here." >&2; exit 1; fi
sha256sum --quiet -c SHA256SUMS
say "checksums"
apt-get update -qq
# Minimal images leave out manuals and completions.
rm -f /etc/dpkg/dpkg.cfg.d/*
apt-get install -y -qq man-db bash-completion python3 > /dev/null 2>&1
apt-get install -y -qq ./zoo_*.deb > /dev/null 2>&1
say "installed $(dpkg-query -W -f '${Package} ${Version}' zoo) on Debian $(cat /etc/debian_version)"

main_job() {
  zoo=$1
  rm -rf "$ZOO_HOME" /tmp/maps
  say "$($zoo --version)"
  $zoo convert ViT-Ti-8-emoji --quiet > /dev/null
  $zoo list --installed | grep -q ViT-Ti-8-emoji
  $zoo verify --quiet > /dev/null
  $zoo explain ViT-Ti-8-emoji examples/scene2.jpg -p "a photo of a bee" -p "a photo of a banana" --grid -o /tmp/maps --json > /tmp/result.json
  test "$(find /tmp/maps -name '*.png' | wc -l)" -ge 3
  python3 - <<'END'
import json
prompts = json.load(open("/tmp/result.json"))["images"][0]["prompts"]
bee, banana = (prompt["similarity"] for prompt in prompts)
assert bee > banana, (bee, banana)
END
  $zoo serve --port 8765 --quiet > /tmp/serve.txt 2>&1 &
  server=$!
  python3 - <<'END'
import time, urllib.request
for attempt in range(100):
    try:
        page = urllib.request.urlopen("http://127.0.0.1:8765/", timeout=5).read()
        break
    except OSError:
        time.sleep(0.1)
else:
    raise SystemExit("zoo serve does not answer")
assert b"<html" in page.lower()
END
  kill "$server"
  wait "$server" || true
  # A date as servers send it.
  LC_ALL=de_DE.UTF-8 TZ=Asia/Kolkata python3 - "$zoo" <<'END'
import email.utils, http.server, subprocess, sys, threading, time
times = []
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        times.append(time.time())
        self.send_response(503 if len(times) == 1 else 404)
        if len(times) == 1:
            self.send_header("Retry-After", email.utils.formatdate(time.time() + 3, usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_HEAD = do_GET
    log_message = lambda *arguments: None
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
call = [sys.argv[1], "pull", f"http://127.0.0.1:{server.server_port}/model.safetensors"]
result = subprocess.run(call, capture_output=True, text=True)
assert result.returncode == 2 and "does not exist (404)" in result.stderr, (result.returncode, result.stderr)
assert times[1] - times[0] > 1.5, times
END
  say "converted, listed, verified, explained, served and pulled by $zoo"
}

main_job zoo
man zoo explain | grep -q -- --prompt
test "$(man -k '^zoo' | wc -l)" -ge 20
say "man zoo explain; $(man -k '^zoo' | wc -l) pages of manual are indexed"
found=$(bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader zoo; COMP_WORDS=(zoo expl); COMP_CWORD=1
  COMP_LINE="zoo expl"; COMP_POINT=8; _zoo_with_colons zoo expl zoo; echo "${COMPREPLY[@]}"' 2> /dev/null)
test "$found" = explain
say "bash completes: expl, $found"
test -s /usr/share/zsh/vendor-completions/_zoo -a -s /usr/share/fish/vendor_completions.d/zoo.fish
say "completions of zsh and fish"
test -s /usr/share/doc/zoo/zoo.spdx.json -a -s /usr/share/doc/zoo/Licences/README.md
say "licences and SBOM"
apt-get purge -y -qq zoo > /dev/null 2>&1
test ! -e /usr/bin/zoo -a ! -e /usr/share/doc/zoo
say "removed without a trace"

tar -xzf zoo-*.tar.gz
main_job "$(echo zoo-*/bin/zoo)"

# Last, because lintian installs libraries that zoo's own package must depend on.
apt-get install -y -qq lintian > /dev/null 2>&1
lintian --allow-root --fail-on error,warning ./zoo_*.deb
say "$(lintian --version) has nothing to say"
