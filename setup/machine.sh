# What the machine must have: the .NET SDK, and what apt or conda install. Sourced by `kit`.

# Prints the .NET SDK's version; nothing where there is none of version 10 or later.
dotnet_sdk() {
    local folder
    for folder in "${DOTNET_ROOT:-}" "$users_home/.dotnet" "${CONDA_PREFIX:-}/lib/dotnet"; do
        if ! command -v dotnet >/dev/null && [ -n "$folder" ] && [ -x "$folder/dotnet" ]; then
            export DOTNET_ROOT=$folder PATH=$folder:$PATH
        fi
    done
    if command -v dotnet >/dev/null; then
        dotnet --list-sdks 2>/dev/null | sed -n 's/^\(\(1[0-9]\|[2-9][0-9]\)\.[^ ]*\) .*/\1/p' | tail -n 1
    fi
}

find_dotnet() {
    # Called first without a subshell: it may have to put a folder on PATH.
    dotnet_sdk >/dev/null
    [ -n "$(dotnet_sdk)" ] || fail 'the .NET 10 SDK is missing (`dotnet --list-sdks` shows none of version 10 or later).
     Install it from https://dot.net/download, or with `conda env create -f environment.yml`, and run this again.'
}

# The python that `jupyter` runs under, else python3.
jupyter_python() {
    local jupyter python=
    if jupyter=$(command -v jupyter); then
        python=$(head -n 1 "$jupyter" 2>/dev/null | tr -d '\0' | sed -n 's/^#! *\([^ ]*\).*/\1/p')
    fi
    case "$python" in */python*) echo "$python" ;; *) echo python3 ;; esac
}

# Prints a module's version under that python; fails where it is not installed.
python_tool() {
    "$(jupyter_python)" -c "
import importlib.metadata as m, importlib.util as u, sys
if u.find_spec('$1') is None: sys.exit(1)
try: print(m.version('$1'))
except m.PackageNotFoundError: print('installed')" 2>/dev/null
}

# Prints a Chromium or Chrome that starts.
browser() {
    local name path
    for name in "${KIT_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable chrome; do
        if [ -n "$name" ] && path=$(command -v "$name") && "$path" --version >/dev/null 2>&1 </dev/null; then
            echo "$path"
            return
        fi
    done
    return 1
}

# Prints the folders that hold TrueType fonts.
fonts() {
    local folder found=1
    for folder in /usr/share/fonts /usr/local/share/fonts "${CONDA_PREFIX:-/nowhere}/fonts" "$users_home/.local/share/fonts"; do
        if [ -n "$(find -L "$folder" -name '*.ttf' -print -quit 2>/dev/null)" ]; then echo "$folder"; found=0; fi
    done
    return "$found"
}

# needed PURPOSE: Debian's names of what is missing and cannot be done without, one a line.
# Each purpose needs what those before it need: verbs, tests (and the setup), notebooks, lab.
needed() {
    if [ "$(libstdcxx_state)" = old ] && ! can_mend_libstdcxx; then echo g++; fi
    if [ "$1" = verbs ]; then return; fi
    [ -n "$(found_library libzmq.so.5)$(conda_library libzmq.so.5)" ] || echo libzmq5
    if [ "$1" = tests ]; then return; fi
    missing_jupyter
    if [ "$1" = lab ]; then python_tool notebook >/dev/null || echo jupyter-notebook; fi
}

# wanted PURPOSE: what is missing and only leaves something out, such as static pictures of charts or some tests.
wanted() {
    if [ "$1" = verbs ]; then return; fi
    if [ "$1" = tests ]; then missing_jupyter; fi
    command -v pandoc >/dev/null || echo pandoc
    browser >/dev/null || echo chromium
    fonts >/dev/null || echo fonts-dejavu-core
    python_tool jupyter_kernel_test >/dev/null || echo python3-jupyter-kernel-test
}

missing_jupyter() {
    command -v jupyter >/dev/null && python_tool nbconvert >/dev/null || echo jupyter-nbconvert
    python_tool nbclient >/dev/null || echo python3-nbclient
}

# may_install: whether apt may be used, and through what (as_root).
may_install() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then as_root=(); return 0; fi
    command -v sudo >/dev/null || return 1
    if sudo -n true 2>/dev/null; then as_root=(sudo -n); return 0; fi
    if [ -t 0 ]; then as_root=(sudo); return 0; fi
    return 1
}

how_to_install() {
    say "     sudo apt-get update && sudo apt-get install -y $*"
    say '     conda env create -f environment.yml && conda activate madtp-kit'
}

# install_for PURPOSE: what is needed for it or the end of the program; then what is wanted, if it can be had.
install_for() {
    local needed wanted refused=$artifacts/not-available name start=$SECONDS
    mapfile -t needed < <(needed "$1")
    mapfile -t wanted < <(wanted "$1" | grep -vxFf <(cat "$refused" 2>/dev/null) || true)
    if [ $((${#needed[@]} + ${#wanted[@]})) = 0 ]; then return 0; fi
    if ! may_install; then
        if [ ${#needed[@]} != 0 ]; then
            say "Missing on this machine: ${needed[*]}. Install them in one of these ways and run this again:"
            how_to_install "${needed[@]}" "${wanted[@]}"
            if [ "${needed[0]}" = g++ ]; then old_libstdcxx; fi
            exit 2
        fi
        say "Going on without ${wanted[*]} (\`./kit doctor\` says what for)."
        return 0
    fi
    step "installing ${needed[*]} ${wanted[*]}"
    if [ "${as_root[*]}" = sudo ] && ! sudo -v; then fail 'sudo was refused.'; fi
    apt_get update || true
    if [ ${#needed[@]} != 0 ]; then apt_get install "${needed[@]}" || fail "apt could not install ${needed[*]}."; fi
    for name in "${wanted[@]}"; do
        if apt_get install "$name" 2>/dev/null; then continue; fi
        say "   apt could not install $name: going on without it (\`./kit doctor\` says what for; \`./kit setup\` tries again)"
    done
    hash -r
    wanted "$1" >"$refused"
    say "   done in $(seconds_since "$start")"
}

# Prints the MPICH that several processes train over, and the program that starts them; fails where either is missing.
mpich() {
    local name library
    library=$(found_library libmpich.so.12)
    library=${library:-$(conda_library libmpich.so.12)}
    for name in mpirun mpirun.mpich; do
        if [ -n "$library" ] && "$name" --version 2>/dev/null | grep -q HYDRA; then echo "$library, started by $name"; return; fi
    done
    return 1
}

install_mpi() {
    if mpich >/dev/null; then return 0; fi
    if ! may_install; then
        say 'MPICH is missing on this machine. Install it in one of these ways and run this again:'
        say '     sudo apt-get update && sudo apt-get install -y --no-install-recommends mpich'
        say '     conda install -c conda-forge mpich'
        exit 2
    fi
    step 'installing mpich'
    mkdir -p "$artifacts"
    apt_get update || true
    apt_get install mpich || fail 'apt could not install mpich.'
}

apt_get() {
    local verb=$1
    shift
    if [ $# != 0 ]; then set -- -y --no-install-recommends "$@"; fi
    logged "apt-$verb" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$verb" "$@"
}
