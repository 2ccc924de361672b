# `./kit doctor`: what is there, what is missing, and the command that mends it. It changes nothing and needs nothing
# to have been built; what only the library knows, it adds when it is built. Sourced by `kit`.

verb_doctor() {
    missing=0
    doctor_dotnet
    doctor_libraries
    doctor_jupyter
    doctor_pictures
    doctor_mpi
    doctor_built
    if [ "$missing" = 0 ]; then echo 'all is well'; else echo "$missing missing"; fi
    [ "$missing" = 0 ]
}

has()   { printf '  %-11s  %s\n' "$1" "$2"; }
lacks() { printf '! %-11s  %s\n               mend it: %s\n' "$1" "$2" "$3"; missing=$((missing + 1)); }

# from_apt PACKAGE [CONDA'S NAME]
from_apt() {
    if [ -n "${CONDA_PREFIX:-}" ] && [ -n "${2:-}" ]; then echo "conda install -c conda-forge $2"
    else echo "sudo apt-get install $1"
    fi
}

doctor_dotnet() {
    dotnet_sdk >/dev/null
    local version
    version=$(dotnet_sdk)
    if [ -n "$version" ]; then has '.NET SDK' "$version ($(dirname "$(readlink -f "$(command -v dotnet)")"))"
    else lacks '.NET SDK' 'none of version 10 or later' 'install it from https://dot.net/download'
    fi
}

doctor_libraries() {
    local real newest file
    real=$(found_library libstdc++.so.6)
    newest=$(grep -aoE 'GLIBCXX_3(\.[0-9]+)+' "$real" 2>/dev/null | sort -uV | tail -n 1)
    case "$(libstdcxx_state)" in
        new) has libstdc++ "$real, up to $newest" ;;
        ours) has libstdc++ "$real, up to $newest; what TorchSharp needs above that is in artifacts/lib" ;;
        old)
            if can_mend_libstdcxx; then lacks libstdc++ "$real ends at $newest" './kit setup'
            else lacks libstdc++ "$real ends at $newest; no compiler to add to it" "$(from_apt g++ libstdcxx-ng) && ./kit setup"
            fi ;;
    esac
    file=$(found_library libzmq.so.5)
    file=${file:-$(conda_library libzmq.so.5)}
    if [ -n "$file" ]; then has libzmq "$file"; else lacks libzmq 'not found: notebooks need it' "$(from_apt libzmq5 zeromq)"; fi
}

doctor_jupyter() {
    local version
    if version=$(python_tool nbconvert) && command -v jupyter >/dev/null; then has nbconvert "$version (under $(jupyter_python))"
    else lacks nbconvert 'not found: `./kit run` needs it' "$(from_apt jupyter-nbconvert nbconvert)"
    fi
    if version=$(python_tool nbclient); then has nbclient "$version"
    else lacks nbclient 'not found: `./kit run` needs it' "$(from_apt python3-nbclient nbclient)"
    fi
    if command -v pandoc >/dev/null; then has pandoc "$(pandoc --version | head -n 1) (formulas in HTML pages)"
    else lacks pandoc 'not found: formulas in HTML pages come from a network' "$(from_apt pandoc pandoc)"
    fi
    if version=$(python_tool jupyter_kernel_test); then has kernel-test "$version"
    else lacks kernel-test 'not found: one test is left out' "$(from_apt python3-jupyter-kernel-test jupyter_kernel_test)"
    fi
}

doctor_pictures() {
    local program
    if program=$(browser); then has browser "$("$program" --version 2>/dev/null | head -n 1) ($program)"
    else lacks browser 'no Chromium or Chrome: saved charts stay interactive, without static pictures' "$(from_apt chromium)"
    fi
    if fonts >/dev/null; then has fonts "$(fonts | paste -sd ' ')"
    else lacks fonts 'no TrueType font' "$(from_apt fonts-dejavu-core fonts-conda-forge)"
    fi
}

# One process needs none.
doctor_mpi() {
    local found
    if found=$(mpich); then has mpich "$found"
    elif mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
        has mpich 'not found; mpirun is Open MPI, which does not fit (for several processes as one: ./kit setup --mpi)'
    else has mpich 'not found (for several processes as one: ./kit setup --mpi)'
    fi
}

doctor_built() {
    local size program=$artifacts/bin/Cli/release/Madtp.Kit.Cli.dll
    size=$(du -sh "$root" 2>/dev/null | cut -f 1)
    if [ ! -f "$program" ]; then lacks built "nothing yet (the folder holds $size)" './kit setup'; return; fi
    if ! (use_libtorch) 2>/dev/null; then
        lacks libtorch "${KIT_LIBTORCH:-$(cat "$chosen_libtorch")}: gone" './kit setup --cuda, or ./kit setup --cpu'
        return
    fi
    use_libtorch
    if all_current; then has built "current ($size with everything)"
    elif current cli "${build_inputs[@]}"; then lacks built "only the verbs ($size with everything)" './kit setup'
    else lacks built "older than the sources, or for another libtorch ($size with everything)" './kit setup'; return
    fi
    if [ "$(libstdcxx_state)" = old ]; then return; fi
    use_libraries
    if kernel_current; then has kernel "$(kernel_specification)"
    else lacks kernel 'not installed, or for another build' './kit setup'
    fi
    cli doctor || missing=$((missing + 1))
}
