# Where dotnet, NuGet and Jupyter keep their files, and where the kit keeps its own. Sourced by `kit`.

# Jobs and services may run without a home.
users_home=${HOME:-$(getent passwd "$(id -u)" 2>/dev/null | cut -d : -f 6)}
users_home=${users_home:-$artifacts/home}
export HOME=$users_home

# One that cannot be written to is read: its packages and settings count, what is new goes to artifacts/.
if [ ! -w "$users_home" ]; then
    export HOME=$artifacts/home DOTNET_CLI_HOME=$artifacts/home PYTHONUSERBASE=${PYTHONUSERBASE:-$users_home/.local}
    if [ -d "$users_home/.nuget/packages" ]; then
        export NUGET_FALLBACK_PACKAGES=${NUGET_FALLBACK_PACKAGES:-$users_home/.nuget/packages}
    fi
    if [ -f "$users_home/.nuget/NuGet/NuGet.Config" ] && [ ! -e "$HOME/.nuget/NuGet/NuGet.Config" ]; then
        install -D -m 600 "$users_home/.nuget/NuGet/NuGet.Config" "$HOME/.nuget/NuGet/NuGet.Config" 2>/dev/null || true
    fi
fi

case "$root" in
    *[:\;]*) fail "the folder '$root' has a colon or a semicolon in its name, at which lists of folders end; rename or move it." ;;
    *\'*) fail "the folder \"$root\" has an apostrophe in its name, with which nothing can be built; rename or move it." ;;
esac

# A clone that somebody else set up can be used as it is; to set up, to build and to run notebooks it has to be one's own.
require_writable() {
    if mkdir -p "$artifacts" 2>/dev/null && [ -w "$artifacts" ] && [ -w "$root" ]; then return 0; fi
    fail "'$root' cannot be written to by $(id -un 2>/dev/null || id -u): it belongs to $(ls -ld "$root" | awk '{ print $3 }').
     Work as that user, or in a copy of your own:
     mkdir madtp-kit && tar -C '$root' --exclude=./artifacts -c . | tar -C madtp-kit -x && madtp-kit/kit setup"
}
