#!/usr/bin/env bash
# Compiles kit_torch.cpp against a libtorch into OUTDIR/libkit_torch.so.
#   native/build.sh OUTDIR
# KIT_LIBTORCH=DIR names a libtorch with include/ and lib/ (conda's, pip's torch/, the official archive; CUDA included);
# without it the system's (Debian: libtorch-dev) is used.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: native/build.sh OUTDIR}

fail() { echo "native/build.sh: $1" >&2; exit 1; }

compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || fail "no C++ compiler ($compiler): run ./kit setup"

if [ -n "${KIT_LIBTORCH:-}" ]; then
  include=$KIT_LIBTORCH/include lib=$KIT_LIBTORCH/lib
else
  include=/usr/include
  lib=$(dirname "$(ls /usr/lib/*/libtorch_cpu.so /usr/lib/libtorch_cpu.so /usr/local/lib/libtorch_cpu.so 2>/dev/null | head -1)")
fi
[ -f "$include/torch/version.h" ] || [ -f "$include/torch/csrc/api/include/torch/version.h" ] ||
  fail "no libtorch headers in $include: run ./kit setup, or set KIT_LIBTORCH to a libtorch directory"
[ -f "$lib/libtorch_cpu.so" ] || fail "no libtorch_cpu.so in $lib: run ./kit setup, or set KIT_LIBTORCH to a libtorch directory"

# pip's torch before 2.6 was built with the old string ABI: its exported names tell which.
abi=1
exported=$(nm -DC --defined-only "$lib/libc10.so")
[[ $exported == *std::__cxx11::basic_string* ]] || abi=0

# 2.x headers need C++17; 1.13's need 14 or later, so 17 serves both.
flags=(-std=c++17 -O2 -fPIC -shared -fvisibility=hidden -Wno-deprecated-declarations -D_GLIBCXX_USE_CXX11_ABI=$abi)
[ "$include" = /usr/include ] || flags+=(-isystem "$include")
flags+=(-isystem "$include/torch/csrc/api/include")
libs=(-L"$lib" -Wl,-rpath,"$lib" -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10)
# Nothing here names a CUDA symbol, so the CUDA half must be asked for to register its operators.
[ -f "$lib/libtorch_cuda.so" ] && libs+=(-ltorch_cuda -lc10_cuda)

mkdir -p "$out"
temporary=$out/.libkit_torch.$$.so
trap 'rm -f "$temporary"' EXIT
"$compiler" "${flags[@]}" "$here/kit_torch.cpp" -o "$temporary" "${libs[@]}"
mv -f "$temporary" "$out/libkit_torch.so"
echo "native: built against $lib (string ABI $abi)"
