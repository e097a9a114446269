#!/usr/bin/env bash
# Runs the .NET suite. ../README.md tells which variables say where the server is; the column is
# `dotnet-` and the version of Azure.Storage.Queues. See README.md beside this: not compiled yet.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../columns.sh"

if ! command -v dotnet >/dev/null; then
    echo "compat-tests/dotnet: the .NET SDK is missing; install version 8.0 or later (dotnet)" >&2
    exit 77
fi
for name in COMPAT_ENDPOINT COMPAT_ACCOUNT COMPAT_KEY COMPAT_RUN COMPAT_REPORTS COMPAT_CACHE; do
    if [[ -z ${!name:-} ]]; then
        echo "compat-tests/dotnet: $name is not set" >&2
        exit 2
    fi
done

project=$here/Queuerite.Compat.csproj
version=$(sed -n 's/.*"Azure.Storage.Queues" Version="\[\(.*\)\]".*/\1/p' "$project")
column=dotnet-$version
is_wanted "$column" || exit 0

export NUGET_PACKAGES=$COMPAT_CACHE/dotnet/packages
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_HOME=$COMPAT_CACHE/dotnet/home
mkdir -p "$DOTNET_CLI_HOME"

# `dotnet test` ends with 1 for a failed build as well, so that is a step of its own.
dotnet build "$project" --configuration Release --verbosity quiet || exit 2

arguments=()
if [[ -n ${COMPAT_SCENARIOS:-} ]]; then
    filter=
    for number in ${COMPAT_SCENARIOS//,/ }; do
        filter+="${filter:+|}FullyQualifiedName~.${number}_"
    done
    arguments=(--filter "$filter")
fi
exec dotnet test "$project" --configuration Release --no-build \
    --logger "junit;LogFilePath=$COMPAT_REPORTS/$column.xml;MethodFormat=Default" \
    --logger "console;verbosity=minimal" "${arguments[@]}" "$@"
