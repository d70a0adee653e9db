#!/usr/bin/env bash
# What is needed beside Python: `tests/needs.sh PROGRAM...`. Installed when this is root with apt,
# else named loudly; then the vendors' JavaScript clients, from their lock files.
set -u
cd "$(dirname "$0")/.."

package_of() {
  case "$1" in
    ssh) echo openssh-client ;;
    node) echo nodejs ;;
    *) echo "$1" ;;
  esac
}

missing() {
  for program in "$@"; do command -v "$program" >/dev/null || package_of "$program"; done
}

mapfile -t packages < <(missing "$@")
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1
fi
mapfile -t packages < <(missing "$@")
if [ ${#packages[@]} -gt 0 ]; then
  echo "NOT HERE, SO WHAT NEEDS IT IS SKIPPED: ${packages[*]}" >&2
fi

witness() { # directory of the lock file, directory to install into, options of npm
  local from=$1 to=$2
  shift 2
  cmp -s "$from/package-lock.json" "$to/installed.json" && return
  mkdir -p "$to" && cp "$from/package.json" "$from/package-lock.json" "$to/"
  if (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --silent "$@" >/dev/null); then
    cp "$from/package-lock.json" "$to/installed.json"
  else
    echo "NOT INSTALLED, SO IT BEARS NO WITNESS: $from" >&2
  fi
}

if [[ " $* " = *" npm "* ]] && command -v npm >/dev/null; then
  witness tests/contract/js/slack build/slack-witness
  witness tests/contract/js/page build/page-witness
  witness tests/contract/js/platformsh build/platformsh-witness --omit=peer
fi
exit 0
