# What `./dev package` does, sourced by ./dev: a .deb and a tarball from the release build's own objects.
#
# The programs are linked once more, for any x86-64 Linux with glibc 2.31 or newer: against Debian 11's libc, with everything else
# static. Only DuckDB stays a library, which is loaded by its path when the first question is asked.

kPortableSuite=bullseye                # its libc is 2.31
kPortableDir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/culprit/portable-1
kLabPrograms=(gateway orders catalogue shipping load backoffice transcoder)
kStaticLibraries=(bpf elf z zstd pq ssl crypto seccomp xxhash)

dev_package() {
  # shellcheck disable=SC2046
  set_up_and_build --target culprit $(printf -- '--target lab_%s ' "${kLabPrograms[@]}")
  timed "parts for glibc 2.31" setup_portable || exit 1
  local out=build/package stage=build/package/stage
  rm -rf "$out"
  mkdir -p "$out"
  timed link link_package "$stage" || exit 1
  stage_data "$stage" || fail "cannot lay out the package"
  timed deb make_deb "$stage" "$out" || exit 1
  timed tarball make_tarball "$stage" "$out" || exit 1
  ls -l "$out"/*.deb "$out"/*.tar.gz >&2
}

package_version() { "$kRelease/culprit" version | cut -d ' ' -f 2; }

# --- what Debian has no static library of, and the libc to link against

setup_portable() {
  [[ -e $kPortableDir/done ]] && return
  say "fetching Debian 11's libc and the sources of mimalloc and simdjson into $kPortableDir"
  mkdir -p "${kPortableDir%/*}"
  local scratch
  scratch=$(mktemp -d "$kPortableDir.XXXXXX")
  if ! fill_portable "$scratch" >"$LOG" 2>&1; then
    rm -rf "$scratch"
    fail_with_log "fetching the parts for glibc 2.31"
  fi
  touch "$scratch/done"
  mv -T "$scratch" "$kPortableDir" 2>/dev/null || [[ -e $kPortableDir/done ]] || fail "cannot create $kPortableDir"
}

fill_portable() {
  (
    set -e
    cd "$1"
    private_apt
    apt_here download -q libc6/$kPortableSuite libc6-dev/$kPortableSuite "$(dpkg-query -W -f '${source:Package}' libpq5 |
      sed 's/^postgresql-/postgresql-server-dev-/')"
    apt_here source --download-only -q mimalloc simdjson
    for package in libc6_*.deb libc6-dev_*.deb; do dpkg-deb -x "$package" sysroot; done
    dpkg-deb -x postgresql-server-dev-*.deb postgresql
    for archive in mimalloc_*.orig.tar.* simdjson_*.orig.tar.*; do tar -xf "$archive"; done
    cc -O2 -DNDEBUG -DMI_MALLOC_OVERRIDE -fPIC -fvisibility=hidden -ftls-model=initial-exec -I mimalloc-*/include \
      -c mimalloc-*/src/static.c -o mimalloc.o
    # With pkg-config's flags, as the program: they change simdjson's inline classes.
    # shellcheck disable=SC2046
    c++ -O2 -std=c++17 -fPIC $(pkg-config --cflags simdjson) -I simdjson-*/singleheader -c simdjson-*/singleheader/simdjson.cpp -o simdjson.o
    cp "$(find postgresql -name libpgcommon_shlib.a)" "$(find postgresql -name libpgport_shlib.a)" .
    rm -rf -- *.deb *.dsc *.tar.* postgresql mimalloc-* simdjson-* apt
  )
}

# Lists of its own, with this machine's mirror and keys, so that no source is added to the machine.
private_apt() {
  mkdir -p apt/lists/partial apt/archives/partial
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1)
  : "${mirror:=http://deb.debian.org/debian}"
  {
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $kPortableSuite main"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main"
  } >apt/sources.list
  apt_here update -q
}

apt_here() {
  apt-get -o Dir::Etc::SourceList="$PWD/apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$PWD/apt/lists" \
    -o APT::Sandbox::User=root "$@"
}

# --- linking

link_package() {
  local stage=$1 objects=$kPortableDir/objects
  mkdir -p "$objects" "$stage/usr/bin" "$stage/usr/lib/culprit/lab"
  cc -O2 -fPIC -c cmake/portable/glibc.c -o "$objects/glibc.o" || return 1
  cc -O2 -fPIC -fno-builtin -c cmake/portable/no_gss_ldap.c -o "$objects/no_gss_ldap.o" || return 1
  link_portable "$stage/usr/bin/culprit" $kRelease/src/CMakeFiles/culprit.dir/cli/main.cc.o "$kPortableDir/mimalloc.o" \
    $kRelease/src/libculprit_*.a "$kPortableDir/simdjson.o" || return 1
  for program in "${kLabPrograms[@]}"; do
    link_portable "$stage/usr/lib/culprit/lab/$program" \
      $(find "$kRelease/lab/CMakeFiles/lab_$program.dir" -name '*.o') $kRelease/lab/liblab_shop.a || return 1
  done
  check_glibc "$stage/usr/bin/culprit" "$stage"/usr/lib/culprit/lab/*
}

# Not by --sysroot: g++ would still find this machine's own libc beside its own files.
link_portable() {
  local name out=$1 crt=$kPortableDir/sysroot/usr/lib/x86_64-linux-gnu libc=$kPortableDir/sysroot/lib/x86_64-linux-gnu static=()
  shift
  for name in "${kStaticLibraries[@]}"; do static+=("/usr/lib/x86_64-linux-gnu/lib$name.a"); done
  own() { c++ -print-file-name="$1"; }
  # libpq's static library warns of what it takes from the system; nothing here is new.
  c++ -nostdlib -pie -s -Wl,--as-needed,--no-warnings -o "$out" "$crt/Scrt1.o" "$crt/crti.o" "$(own crtbeginS.o)" -Wl,--start-group "$@" "${static[@]}" \
    "$kPortableDir/libpgcommon_shlib.a" "$kPortableDir/libpgport_shlib.a" "$kPortableDir/objects/glibc.o" \
    "$kPortableDir/objects/no_gss_ldap.o" "$(own libstdc++.a)" "$(own libgcc.a)" "$(own libgcc_eh.a)" \
    "$libc"/lib{c.so.6,m.so.6,dl.so.2,pthread.so.0} "$crt/libc_nonshared.a" "$libc"/ld-2.31.so -Wl,--end-group "$(own crtendS.o)" "$crt/crtn.o"
}

check_glibc() {
  local newest
  for program in "$@"; do
    newest=$(objdump -T "$program" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
    [[ $(printf '%s\nGLIBC_2.31\n' "$newest" | sort -V | tail -n 1) == GLIBC_2.31 ]] || { say "$program needs $newest"; return 1; }
  done
}

# --- what else is in it

stage_data() {
  local stage=$1 doc=$1/usr/share/doc/culprit
  mkdir -p "$doc/licences" "$stage/usr/share/culprit" "$stage/usr/share/man/man1" "$stage/usr/share/bash-completion/completions" \
    "$stage/usr/share/zsh/vendor-completions" "$stage/usr/share/fish/vendor_completions.d"
  cp -r lab/recordings "$stage/usr/share/culprit/demo" &&
    cp "$CULPRIT_DUCKDB_DIR/libduckdb.so" "$stage/usr/lib/culprit/" &&
    cp -r README.md CHANGELOG.md GLOSSARY.md docs/first-hour.md docs/causes docs/formats docs/schema "$doc/" &&
    stage_licences "$doc" &&
    tools/man.py "$kRelease/culprit" | gzip -9n >"$stage/usr/share/man/man1/culprit.1.gz" &&
    "$kRelease/culprit" completion bash >"$stage/usr/share/bash-completion/completions/culprit" &&
    "$kRelease/culprit" completion zsh >"$stage/usr/share/zsh/vendor-completions/_culprit" &&
    "$kRelease/culprit" completion fish >"$stage/usr/share/fish/vendor_completions.d/culprit.fish" &&
    chmod -R u=rwX,go=rX "$stage"
}

# Of what is linked in, as Debian states them.
stage_licences() {
  local doc=$1
  {
    printf 'culprit is licensed under the Apache License 2.0 (LICENSE); the BPF programs in it under the GPL 2.0.\n'
    printf 'What is linked into it or lies beside it has its own licences: licences/.\n'
  } >"$doc/copyright"
  cp LICENSE "$doc/LICENSE" && cp src/capture/bpf/LICENSE "$doc/licences/bpf-programs" || return 1
  [[ ! -e $CULPRIT_DUCKDB_DIR/LICENSE ]] || cp "$CULPRIT_DUCKDB_DIR/LICENSE" "$doc/licences/duckdb"
  for package in libbpf-dev libelf-dev zlib1g-dev libzstd-dev libpq-dev libssl-dev libseccomp-dev libxxhash-dev libmimalloc-dev libsimdjson-dev \
    libstdc++-12-dev; do
    [[ ! -e /usr/share/doc/$package/copyright ]] || cp -L "/usr/share/doc/$package/copyright" "$doc/licences/$package"
  done
}

# --- the two forms

make_deb() {
  local stage=$1 out=$2 version tree=$2/deb
  version=$(package_version)
  cp -a "$stage" "$tree"
  mkdir -p "$tree/DEBIAN"
  cat >"$tree/DEBIAN/control" <<CONTROL
Package: culprit
Version: $version
Architecture: amd64
Maintainer: culprit's authors <root@localhost>
Installed-Size: $(du -sk --apparent-size "$tree/usr" | cut -f 1)
Depends: libc6 (>= 2.31), libstdc++6 (>= 9)
Recommends: postgresql
Section: admin
Priority: optional
Description: takes a slow or failing Linux system to the cause
 Records what a machine does (requests, waits, locks, disk) without touching any
 program, takes in traces, and answers what is to blame: with evidence, with what
 a fix would save, and with what the data could not show.
CONTROL
  # xz: dpkg before 1.21.18 knows no zstd.
  SOURCE_DATE_EPOCH=$(commit_time) dpkg-deb --root-owner-group -Zxz -z2 --build "$tree" "$out/culprit_${version}_amd64.deb" >"$LOG" 2>&1 ||
    fail_with_log dpkg-deb
  rm -rf "$tree"
}

make_tarball() {
  local stage=$1 out=$2 name
  name=culprit-$(package_version)-linux-x86_64
  tar -C "$stage" --sort=name --mtime="@$(commit_time)" --owner=0 --group=0 --numeric-owner --transform="s#^usr#$name#" -cf - usr |
    gzip -n >"$out/$name.tar.gz"
}

commit_time() { git log -1 --format=%ct 2>/dev/null || echo 0; }
