#!/usr/bin/env bash
# What is needed beside Python: `tests/needs.sh PROGRAM...`. Installed when this is root with apt,
# else named loudly; then the vendors' JavaScript clients, from their lock files.
set -u
cd "$(dirname "$0")/.."

export PATH=$PATH:/usr/sbin:/sbin

# The servers of the laboratory (tests/contract/lab), and what its table compares with.
lab=(
  nginx /usr/lib/nginx/modules/ngx_stream_module.so apache2 haproxy stunnel4 openssl gnutls-serv
  lighttpd /usr/lib/lighttpd/mod_{openssl,gnutls,mbedtls,wolfssl}.so caddy hitch nghttpd nghttpx
  puma socat java node curl
)

package_of() {
  case "$1" in
    ssh) echo openssh-client ;;
    node) echo nodejs ;;
    java) echo default-jdk-headless ;;
    gnutls-serv) echo gnutls-bin ;;
    nghttpd) echo nghttp2-server ;;
    nghttpx) echo nghttp2-proxy ;;
    /usr/lib/nginx/modules/ngx_stream_module.so) echo libnginx-mod-stream ;;
    /usr/lib/lighttpd/mod_openssl.so) echo lighttpd-mod-openssl ;;
    /usr/lib/lighttpd/mod_gnutls.so) echo lighttpd-mod-gnutls ;;
    /usr/lib/lighttpd/mod_mbedtls.so) echo lighttpd-mod-mbedtls ;;
    /usr/lib/lighttpd/mod_wolfssl.so) echo lighttpd-mod-wolfssl ;;
    *) echo "$1" ;;
  esac
}

missing() {
  for need in "$@"; do
    command -v "$need" >/dev/null || [ -e "$need" ] || package_of "$need"
  done
}

packages_in() { # packages; servers among them are installed, not started
  local policy=/usr/sbin/policy-rc.d held=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && held=1
  fi
  apt-get install -y -qq --no-install-recommends "$@" || # one that does not exist must not stop the others
    for package in "$@"; do apt-get install -y -qq --no-install-recommends "$package"; done
  [ -n "$held" ] && rm -f $policy
}

programs=()
for program in "$@"; do
  if [ "$program" = lab ]; then programs+=("${lab[@]}"); else programs+=("$program"); fi
done
mapfile -t packages < <(missing "${programs[@]}")
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && packages_in "${packages[@]}"; } >/dev/null 2>&1
fi
mapfile -t packages < <(missing "${programs[@]}")
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
