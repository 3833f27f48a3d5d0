#!/usr/bin/env bash
# Write requirements/*.txt: every dependency, exact, with hashes and without download addresses.
# Needs `uv` on the PATH (or UV=/path/to/uv).
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  "${UV:-uv}" pip compile --quiet --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links --python-version 3.11 --universal "$@"
}
lock pyproject.toml --group build --extra postgres --group test -o requirements/test.txt
lock pyproject.toml --group build -c requirements/test.txt -o requirements/runtime.txt
lock --group docs -o requirements/docs.txt
lock pyproject.toml --group build --group bench -c requirements/test.txt -o requirements/bench.txt
