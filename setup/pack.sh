# `./kit pack`: the programs with their own .NET, the toy data and the reference tensors in one archive, without a libtorch:
# on a cluster without .NET, without rights and without a network, that of pip's or conda's PyTorch takes its place.
# Sourced by `kit`.

verb_pack() {
    local folder=$artifacts/pack/madtp-kit archive=$artifacts/madtp-kit-linux-x64.tar.xz bin file start=$SECONDS
    prepare verbs
    rm -rf "$folder"
    # Where a build leaves them: notebooks find the library there.
    bin=$folder/artifacts/bin
    mkdir -p "$folder/setup"
    publish kernel/Kernel.csproj "$bin/Kernel/release"
    publish benchmarks/Benchmarks.csproj "$bin/Madtp.Kit/release"
    publish cli/Cli.csproj "$bin/Madtp.Kit/release"
    mkdir -p "$bin/Verification/release"
    ln "$bin/Madtp.Kit/release/Madtp.Kit.Verification.dll" "$bin/Verification/release/"
    logged blank-resources dotnet run --file "$root/setup/blank-resources.cs" --artifacts-path "$artifacts/pack" \
        -- "$bin/Madtp.Kit/release" || exit 1
    release
    # .NET is in both folders, and once in the archive.
    for file in "$bin"/Kernel/release/*; do
        if cmp -s "$file" "$bin/Madtp.Kit/release/${file##*/}"; then ln -f "$bin/Madtp.Kit/release/${file##*/}" "$file"; fi
    done
    # What this machine's libstdc++ lacked serves another whose libstdc++ is as old and lies in the same place.
    if [ "$(libstdcxx_state)" = ours ] && [ ! -L "$libstdcxx" ]; then
        install -D "$libstdcxx" "$folder/artifacts/lib/libstdc++.so.6"
    fi
    cp "$root/setup/packed-kit" "$folder/kit"
    cp "$root/setup/loader.sh" "$folder/setup/"
    cp "$root/README.md" "$root/Madtp.Kit.csproj" "$folder/"
    (cd "$root" && git -c safe.directory="$root" ls-files -z src data tests/golden notebooks | tar -c --null -T -) |
        tar -x -C "$folder"
    forget_outputs "$folder"/notebooks/*.ipynb "$folder"/notebooks/solutions/*.ipynb
    chmod -R u+rwX,go+rX "$folder"
    step 'compressing'
    compress "$artifacts/pack" madtp-kit "$archive.new" || exit 1
    mv "$archive.new" "$archive"
    say "${archive#"$root"/}: $(($(stat -c %s "$archive") / 1000000)) MB ($(seconds_since "$start"))"
    say '   unpack it on the other machine; ./kit in it says what to do'
}

# compress FOLDER NAME ARCHIVE: as one tar in two streams of xz, which `tar xf` reads as one: programs, whose calls name their
# targets by distance until a filter makes them comparable; then numbers of four bytes, of which the last ones repeat.
compress() {
    local all=$1/$2.tar numbers=("$2/data" "$2/tests") programs
    tar -c -f "$all" -C "$1" --owner=0 --group=0 --sort=name "${numbers[@]/#/--exclude=}" "$2" &&
        tar -r -f "$all" -C "$1" --owner=0 --group=0 --sort=name "${numbers[@]}" || return 1
    programs=$(($(tar -t -R -f "$all" | sed -n "0,\|: $2/data/|s|^block \([0-9]*\): $2/data/.*|\1|p") * 512))
    { head -c "$programs" "$all" | xz --x86 --lzma2=preset=9e,dict=128MiB &&
        tail -c "+$((programs + 1))" "$all" | xz --lzma2=preset=9e,lc=1,lp=2,pb=2; } >"$3" && rm "$all"
}

# publish PROJECT FOLDER: with .NET, without libtorch, and in a build of its own, so that the machine's stays as it is.
publish() {
    step "publishing $1"
    KIT_LIBTORCH=elsewhere logged "pack-$(basename "$1")" dotnet publish "$root/$1" -c Release -r linux-x64 --self-contained \
        -p:ArtifactsPath="$artifacts/pack" -o "$2" -v q -nologo || exit 1
    # What only editors, debuggers and tracers read, collectors that somebody must ask for, Visual Basic's library, and the
    # runtime that only `./kit bench --onnx` compares with.
    find "$2" \( -name 'onnxruntime*.dll' -o -name 'libonnxruntime*' -o -name '*.xml' -o -name '*.pdb' -o -name createdump \
        -o -name 'libmscord*.so' -o -name 'libcoreclrtrace*.so' -o -name 'libclrgc*.so' -o -name 'Microsoft.VisualBasic*.dll' \) \
        -delete
    strip_symbols "$2"/*.so
}

# The tables of names that nothing but a debugger reads; a copy is stripped, as NuGet's own file may be the same one.
strip_symbols() {
    local file
    if ! command -v strip >/dev/null; then return 0; fi
    for file in "$@"; do
        if strip --strip-unneeded -o "$file.stripped" "$file" 2>/dev/null; then mv "$file.stripped" "$file"; fi
    done
}

# Pictures are most of a notebook.
forget_outputs() {
    python3 - "$@" <<'PY'
import json, sys
for path in sys.argv[1:]:
    notebook = json.load(open(path))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    json.dump(notebook, open(path, "w"), indent=1, ensure_ascii=False)
PY
}
