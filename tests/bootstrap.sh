#!/usr/bin/env bash
# A virtual environment with a pinned uv: `tests/bootstrap.sh PYTHON VENV UV_VERSION`.
# For machines without uv; Debian's Python may lack venv, which is said in words.
set -euo pipefail
python=$1 venv=$2 version=$3
[ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" = "$version" ] && exit 0
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "Python 3.11 or later is needed, and $python is $("$python" --version 2>&1 | head -n1); set PYTHON=." >&2
  exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  echo "$python has no venv. Install it (Debian: apt install python3-venv) or uv (docs.astral.sh/uv)." >&2
  exit 1
}
test -x "$venv/bin/pip" || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$version"
