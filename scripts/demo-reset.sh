#!/usr/bin/env bash
# Removes the demo's state folder, and refuses to remove anything that does not look like one.
set -euo pipefail
cd "$(dirname "$0")/.."

state="$(realpath -m -- "${STATE_DIR:-.demo}")"
if [ ! -e "$state" ]; then
    echo "demo-reset: nothing to forget, $state does not exist"
    exit 0
fi
# A typing slip in STATE_DIR must not cost somebody a home folder or this clone.
case "$PWD/" in "$state"/*) echo "demo-reset: $state holds this clone, refused" >&2; exit 1 ;; esac
if [ ! -d "$state" ] || [ -e "$state/.git" ] || [ "$state" = "$(realpath -m -- "${HOME:-/}")" ]; then
    echo "demo-reset: $state is not a demo's state folder, refused" >&2
    exit 1
fi
if [ "$state" != "$PWD/.demo" ] && [ ! -d "$state/broker" ] && [ ! -f "$state/demo.json" ]; then
    echo "demo-reset: $state holds neither broker/ nor demo.json, refused" >&2
    exit 1
fi
rm -rf -- "$state"
echo "demo-reset: forgot $state"
