#!/bin/sh
# Finds objects in a picture, with curl and jq:   explain.sh MODEL PICTURE PROMPT...
# The server: zoo serve. If it runs on another machine: SERVER=http://host:8080 TOKEN=... explain.sh ...
set -eu
model=$1 picture=$2
shift 2

body=$(mktemp)
trap 'rm -f "$body"' EXIT
base64 < "$picture" | tr -d '\n' |
  jq -R --arg model "$model" '{model: $model, image: ., prompts: $ARGS.positional}' --args "$@" > "$body"

curl -sS "${SERVER:-http://127.0.0.1:8080}/v1/explain" \
  -H 'Content-Type: application/json' ${TOKEN:+-H "Authorization: Bearer $TOKEN"} --data-binary "@$body" |
  jq 'if .detail then "\(.detail)\n" | halt_error(1) else . end | {model, grid, prompts: [.prompts[] | {prompt, similarity, share, absent}], seconds}'
