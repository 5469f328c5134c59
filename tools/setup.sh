# The functions of `./dev setup`, which ./dev sources. Everything is installed by package name with the machine's own package
# managers, and no registry host is named here. Each step checks first whether it is needed.

kLibbpfVersion=1.4.6        # bookworm's 1.1.2 knows no uprobe.multi
kBackports=bookworm-backports

setup_all() {
  setup_packages
  setup_duckdb
}

# --- Debian packages

missing_packages() {
  local wanted installed
  wanted=$(sed 's/#.*//' "$ROOT/tools/packages" | tr -s ' \n' '\n' | sed '/^$/d' | sort)
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii  *//p' | sort -u)
  comm -23 <(echo "$wanted") <(echo "$installed")
  have_libbpf || echo "libbpf-dev/$kBackports"
  # npm is only used to fetch DuckDB, so an npm that is already installed is sufficient.
  if ! have_duckdb && ! command -v npm >/dev/null; then printf 'nodejs\nnpm\n'; fi
}

have_libbpf() {
  [[ $(dpkg-query -W -f '${db:Status-Abbrev} ${Version}' libbpf-dev 2>/dev/null) == "ii "*"$kLibbpfVersion"* ]]
}

setup_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  (( ${#missing[@]} == 0 )) && return
  command -v apt-get >/dev/null || fail "setup knows Debian 12 only; install by hand: ${missing[*]}"
  local root=()
  if (( EUID != 0 )); then
    command -v sudo >/dev/null || fail "setup must install packages: run it as root, or install: ${missing[*]}"
    root=(sudo)
  fi
  export DEBIAN_FRONTEND=noninteractive
  say "installing ${#missing[@]} packages: ${missing[*]}"
  [[ " ${missing[*]} " == *" postgresql "* ]] && keep_postgresql_from_making_a_cluster
  [[ " ${missing[*]} " == *"/$kBackports "* ]] && add_backports
  "${root[@]}" apt-get update -q >"$LOG" 2>&1 || fail_with_log "apt-get update"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" \
    >"$LOG" 2>&1 || fail_with_log "apt-get install"
  have_libbpf || fail "libbpf-dev is $(dpkg-query -W -f '${Version}' libbpf-dev), wanted $kLibbpfVersion"
}

# The package would start a server on port 5432, but only its programs are needed.
keep_postgresql_from_making_a_cluster() {
  local file=/etc/postgresql-common/createcluster.conf
  [[ -e $file ]] && return
  say "writing $file: no cluster of its own for the postgresql package"
  "${root[@]}" mkdir -p "${file%/*}"
  echo 'create_main_cluster = false' | "${root[@]}" tee "$file" >/dev/null
}

# The suite is added as a copy of this machine's entry for bookworm main (deb822 or one line), so that it uses the same
# mirror.
add_backports() {
  apt-cache policy libbpf-dev 2>/dev/null | grep -q "$kBackports/" && return
  local entry
  if entry=$(backports_stanza); [[ -n $entry ]]; then
    say "adding $kBackports: this machine's source entry with another suite"
    echo "$entry" | "${root[@]}" tee /etc/apt/sources.list.d/culprit-backports.sources >/dev/null
  elif entry=$(backports_line); [[ -n $entry ]]; then
    say "adding $kBackports: this machine's source line with another suite"
    echo "$entry" | "${root[@]}" tee /etc/apt/sources.list.d/culprit-backports.list >/dev/null
  else
    fail "no source entry for bookworm main found to copy for $kBackports"
  fi
}

backports_stanza() {
  local files=(/etc/apt/sources.list.d/*.sources)
  [[ -e ${files[0]} ]] || return 1
  # A blank line between files separates their stanzas.
  for file in "${files[@]}"; do cat "$file"; echo; done |
    awk 'BEGIN { RS = ""; ORS = "\n" }
         /(^|\n)Types:[^\n]*deb/ && /(^|\n)Suites:([^\n]* )?bookworm( |\n|$)/ && /(^|\n)Components:[^\n]*main/ { print; exit }' |
    grep -v '^#' | sed "s/^Suites:.*/Suites: $kBackports/; s/^Components:.*/Components: main/"
}

backports_line() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n -E "s/^(deb( \[[^]]*\])? [^ ]+) bookworm ([^#]*\b)?main\b.*/\1 $kBackports main/p" | head -n 1
}

# --- DuckDB: the engine's library and, from another package, the header of its C API

have_duckdb() {
  [[ -e $CULPRIT_DUCKDB_DIR/libduckdb.so && -e $CULPRIT_DUCKDB_DIR/duckdb.h ]]
}

setup_duckdb() {
  have_duckdb && return
  say "fetching DuckDB into $CULPRIT_DUCKDB_DIR"
  # By default, Debian's node trusts only the certificate authorities that are compiled into it.
  local bundle=/etc/ssl/certs/ca-certificates.crt
  [[ -z ${NODE_EXTRA_CA_CERTS:-} && -e $bundle ]] && export NODE_EXTRA_CA_CERTS=$bundle
  mkdir -p "${CULPRIT_DUCKDB_DIR%/*}"
  local scratch
  scratch=$(mktemp -d "$CULPRIT_DUCKDB_DIR.XXXXXX")
  if ! unpack_duckdb "$scratch" >"$LOG" 2>&1; then
    rm -rf "$scratch"
    fail_with_log "npm pack of DuckDB"
  fi
  # The directory is renamed when it is complete, so that an interrupted setup leaves no incomplete one. Another setup may have been faster.
  chmod 755 "$scratch/unpacked"
  mv -T "$scratch/unpacked" "$CULPRIT_DUCKDB_DIR" 2>/dev/null || have_duckdb || fail "cannot create $CULPRIT_DUCKDB_DIR"
  rm -rf "$scratch"
}

unpack_duckdb() {
  (
    set -e
    cd "$1"
    for package in @duckdb/node-bindings-linux-x64@1.5.6-r.1 duckdb@1.4.4; do
      npm pack --silent --fetch-retries=2 "$package"
    done
    sha256sum --strict -c "$ROOT/tools/duckdb.sha256"
    mkdir unpacked
    tar -xzf duckdb-node-bindings-linux-x64-1.5.6-r.1.tgz --strip-components=1 -C unpacked package/libduckdb.so package/LICENSE
    tar -xzf duckdb-1.4.4.tgz --strip-components=5 -C unpacked package/src/duckdb/src/include/duckdb.h
    test -s unpacked/libduckdb.so -a -s unpacked/duckdb.h
  )
}
