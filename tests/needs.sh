#!/usr/bin/env bash
# What the tests need beside Python: installed when this is root with apt, else named loudly.
set -u
missing=()
command -v git >/dev/null || missing+=(git)
command -v chromium >/dev/null || missing+=(chromium)
command -v ssh >/dev/null || missing+=(openssh-client)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing for the tests: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
    echo "SOME COULD NOT BE INSTALLED: ${missing[*]}"
else
  echo "NOT THERE, SO TESTS THAT NEED IT ARE SKIPPED: ${missing[*]}"
fi
exit 0
