#!/usr/bin/env bash
# Shrike beside ONNX Runtime, OpenVINO and ncnn in one run: sets up what they need in
# build/bench-peers (PyPI wheels, nothing else of the machine is touched), then calls
# side_by_side.py with these arguments.
set -euo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../..
venv="$root/build/bench-peers"
list="$root/bench/peers/requirements.txt"
if ! cmp -s "$list" "$venv/requirements.txt"; then
  rm -rf -- "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" >&2
  # The converter to ncnn's format is one executable of this wheel: without the PyTorch that it asks for.
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps pnnx==20261020 >&2
  cp -- "$list" "$venv/requirements.txt"
fi
exec "$venv/bin/python" "$root/bench/peers/side_by_side.py" "$@"
