# What the dynamic loader finds before the system's own libraries: $artifacts/lib, which holds what is missing there,
# and the libtorch of a Python, where one was chosen. Sourced by `kit` and by the launcher of a packed kit.

libstdcxx=$artifacts/lib/libstdc++.so.6
chosen_libtorch=$artifacts/libtorch.txt

# Prints the file that a program gets which asks for a library by this name, ours left aside.
found_library() {
    local folder folders
    IFS=: read -ra folders <<<"${LD_LIBRARY_PATH:-}"
    for folder in "${folders[@]}"; do
        if [ -n "$folder" ] && [ "$folder" != "$artifacts/lib" ] && [ -e "$folder/$1" ]; then echo "$folder/$1"; return; fi
    done
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | sed -n "s/^\t$1 (libc6,x86-64.*) => //p" | head -n 1
}

# Conda's, one by one: its whole folder would stand before the system's for programs that are not conda's.
conda_library() {
    local file=${CONDA_PREFIX:-/nowhere}/lib/$1
    if [ -e "$file" ]; then echo "$file"; fi
}

# ---------------------------------------------------------------- an older libstdc++

# TorchSharp's native library asks a newer libstdc++ for one function: the one that sets up the standard streams.
new_enough() { [ -n "$1" ] && grep -qaF GLIBCXX_3.4.32 "$1"; }

# new: nothing to do; ours: what it lacks lies in $artifacts/lib; old: that has to be put there.
libstdcxx_state() {
    local real
    real=$(found_library libstdc++.so.6)
    if [ -z "$real" ] || new_enough "$real"; then echo new
    elif [ -e "$libstdcxx" ] && { [ -L "$libstdcxx" ] || grep -qaF "$real" "$libstdcxx"; }; then echo ours
    else echo old
    fi
}

can_mend_libstdcxx() { new_enough "$(conda_library libstdc++.so.6)" || compiler >/dev/null; }

compiler() { command -v "${CXX:-c++}" || command -v g++ || command -v clang++; }

# Builds a library of the same name that has the one function, and the real one, by its full path, for all else.
build_libstdcxx() {
    local real=$1 work cxx
    cxx=$(compiler)
    work=$(mktemp -d "$artifacts/lib.XXXXXX")
    cat >"$work/streams.cpp" <<'CPP'
#include <ios>
// An older libstdc++ sets the streams up for whoever holds one of these.
static std::ios_base::Init streams;
namespace std { void ios_base_library_init() {} }
CPP
    # A program asks for versions before it asks for symbols: every version of the real one is declared, without content.
    {
        objdump -p "$real" | awk '/^Version definitions/ { on = 1 } /^$/ { on = 0 } on && $2 == "0x00" { print $4 " { };" }'
        echo 'GLIBCXX_3.4.32 { global: _ZSt21ios_base_library_initv; local: *; };'
    } >"$work/versions"
    # An empty library that bears the real one's path as its name makes the linker write that path down.
    "$cxx" -shared -nostdlib -Wl,-soname,"$real" -o "$work/real.so" -x c++ /dev/null &&
        "$cxx" -shared -fPIC -O2 -nodefaultlibs -Wl,-soname,libstdc++.so.6 -Wl,--version-script="$work/versions" \
            -Wl,--no-as-needed -o "$work/made.so" "$work/streams.cpp" "$work/real.so" -lc &&
        mv "$work/made.so" "$libstdcxx"
    local code=$?
    rm -rf "$work"
    return "$code"
}

old_libstdcxx() {
    say "This system's C++ library ($(found_library libstdc++.so.6)) is older than TorchSharp needs (GLIBCXX_3.4.32).
     Three ways out: a C++ compiler (Debian's g++), with which the kit builds the one function that is missing;
     conda's libstdcxx-ng in an active environment; a newer system, as Debian 13 or Ubuntu 24.04."
}

# ---------------------------------------------------------------- another libtorch

# Prints the folder of a Python's torch, the one given or the first found, that has lib/$1.
python_libtorch() {
    local python
    for python in "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" "${CONDA_PREFIX:+$CONDA_PREFIX/bin/python}" python3 python; do
        if [ -n "$python" ] && "$python" - "$1" 2>/dev/null <<'PY'; then return 0; fi
import importlib.util, os, sys
torch = importlib.util.find_spec("torch")
folders = [*torch.submodule_search_locations, sys.prefix] if torch else []
found = [f for f in folders if os.path.exists(os.path.join(f, "lib", sys.argv[1]))]
print(*found[:1], end="")
sys.exit(not found)
PY
    done
    return 1
}

# Exports KIT_LIBTORCH where it was given, or chosen by `./kit setup --cuda`.
use_libtorch() {
    local from=KIT_LIBTORCH
    if [ -z "${KIT_LIBTORCH:-}" ] && [ -f "$chosen_libtorch" ]; then
        KIT_LIBTORCH=$(cat "$chosen_libtorch")
        from='`./kit setup --cuda` chose it; run that again, or `./kit setup --cpu`. It'
    fi
    if [ -z "${KIT_LIBTORCH:-}" ]; then unset KIT_LIBTORCH; return 0; fi
    [ -e "$KIT_LIBTORCH/lib/libtorch_cpu.so" ] ||
        fail "'$KIT_LIBTORCH' has no lib/libtorch_cpu.so ($from must name a folder that has, such as site-packages/torch)."
    export KIT_LIBTORCH
}

# For every program that is started from here: what is missing in its folder, and both folders before the system's.
use_libraries() {
    case "$(libstdcxx_state)" in
        new) if [ -e "$libstdcxx" ]; then rm -f "$libstdcxx"; fi ;;
        old) mend_libstdcxx ;;
    esac
    if [ -z "$(found_library libzmq.so.5)" ] && [ -n "$(conda_library libzmq.so.5)" ]; then
        mkdir -p "$artifacts/lib"
        ln -sfn "$(conda_library libzmq.so.5)" "$artifacts/lib/libzmq.so.5"
    fi
    use_libtorch
    if [ -n "${KIT_LIBTORCH:-}" ]; then put_first "$KIT_LIBTORCH/lib"; fi
    if [ -n "$(ls "$artifacts/lib" 2>/dev/null)" ]; then put_first "$artifacts/lib"; fi
}

mend_libstdcxx() {
    local conda
    mkdir -p "$artifacts/lib"
    conda=$(conda_library libstdc++.so.6)
    if new_enough "$conda"; then
        ln -sfn "$conda" "$libstdcxx"
    elif compiler >/dev/null; then
        step "building what this system's libstdc++ lacks"
        logged libstdcxx build_libstdcxx "$(found_library libstdc++.so.6)" || { old_libstdcxx; exit 2; }
    else
        old_libstdcxx
        exit 2
    fi
}

put_first() {
    case ":${LD_LIBRARY_PATH:-}:" in *":$1:"*) return ;; esac
    export LD_LIBRARY_PATH=$1${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}
