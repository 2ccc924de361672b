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
    (cd "$root" && git -c safe.directory="$root" ls-files -z src data tests/golden notebooks | tar -c --null -T -) | tar -x -C "$folder"
    forget_outputs "$folder"/notebooks/*.ipynb "$folder"/notebooks/solutions/*.ipynb
    chmod -R u+rwX,go+rX "$folder"
    step 'compressing'
    tar -c -C "$artifacts/pack" --owner=0 --group=0 --sort=name madtp-kit | xz -T0 >"$archive.new"
    mv "$archive.new" "$archive"
    say "${archive#"$root"/}: $(du -m "$archive" | cut -f 1) MB ($(seconds_since "$start"))"
    say '   unpack it on the other machine; ./kit in it says what to do'
}

# publish PROJECT FOLDER: with .NET, without libtorch, and in a build of its own, so that the machine's stays as it is.
publish() {
    step "publishing $1"
    KIT_LIBTORCH=elsewhere logged "pack-$(basename "$1")" dotnet publish "$root/$1" -c Release -r linux-x64 --self-contained \
        -p:ArtifactsPath="$artifacts/pack" -o "$2" -v q -nologo || exit 1
    # What only editors and debuggers read, and the runtime that only `./kit bench --onnx` compares with.
    find "$2" \( -iname '*onnxruntime.dll' -o -name 'libonnxruntime*' -o -name '*.xml' -o -name '*.pdb' -o -name 'libmscord*.so' -o -name createdump \) -delete
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
