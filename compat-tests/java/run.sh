#!/usr/bin/env bash
# Runs the Java suite against the server that the COMPAT_* variables tell of; README.md one folder up
# says what they are. Exits with 0 if all is well, 1 if a test failed, 77 if Java or Maven is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../columns.sh"
cd "$here"

for tool in java javac mvn keytool; do
    if ! command -v "$tool" >/dev/null; then
        echo "compat-tests/java: $tool is missing; install a JDK 17 or later, and Maven" >&2
        exit 77
    fi
done
version=$(javac -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p')
if [[ ${version:-0} -lt 17 ]]; then
    echo "compat-tests/java: $(javac -version 2>&1) is too old; a JDK 17 or later is needed" >&2
    exit 77
fi

: "${COMPAT_ENDPOINT:?}" "${COMPAT_ACCOUNT:?}" "${COMPAT_KEY:?}" "${COMPAT_RUN:?}"
: "${COMPAT_REPORTS:?}" "${COMPAT_CACHE:?}"
mkdir -p "$COMPAT_CACHE"
cache=$(cd "$COMPAT_CACHE" && pwd)
reports=$(cd "$COMPAT_REPORTS" && pwd)

# Of these files, an addition or a change asks for what depends on them to be done again.
fingerprint() {
    find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

is_current() {
    [[ -f $1 && $(<"$1") == "$2" ]]
}

# Compiles what is new. Once Maven has fetched what the pom files name, it needs no network.
build() {
    local poms sources offline=()
    poms=$(fingerprint pom.xml ./*/pom.xml)
    sources=$(fingerprint pom.xml ./*/pom.xml ./*/src)
    if is_current "$cache/built" "$sources"; then
        return
    fi
    if is_current "$cache/fetched" "$poms"; then
        offline=(--offline)
    fi
    rm -rf "$cache/build" "$cache/built"
    mvn --quiet --batch-mode "${offline[@]}" "-Dmaven.repo.local=$cache/repository" \
        "-Dcompat.cache=$cache/build" compile >&2 || exit 2
    echo "$poms" >"$cache/fetched"
    echo "$sources" >"$cache/built"
}

# The Java machine trusts what it usually trusts, and the given authority in addition.
trust() {
    local home usual store=$cache/trust.p12
    home=$(java -XshowSettings:properties -version 2>&1 | sed -nE 's/^ *java\.home = (.*)/\1/p')
    usual=$home/lib/security/cacerts
    rm -f "$store"
    if [[ -s $usual ]]; then
        cp "$usual" "$store"
        chmod u+w "$store"
    fi
    keytool -importcert -noprompt -alias compat-tests -file "$COMPAT_CA" -keystore "$store" \
        -storepass changeit 2>/dev/null
    echo "$store"
}

property() {
    sed -nE "s|.*<$1>(.*)</$1>.*|\1|p" pom.xml
}

# The scenarios that this column's library cannot express, joined by |. A line begins with the
# scenario, or with what the names of the columns begin with that it is for.
not_applicable() {
    local first second numbers=()
    while read -r first second _; do
        if [[ $first =~ ^S[0-9]{3}$ ]]; then
            numbers+=("${first#S}")
        elif [[ $1 == "$first"* ]]; then
            numbers+=("${second#S}")
        fi
    done <not-applicable.txt
    (IFS='|' && echo "${numbers[*]}")
}

build
options=(-Dsun.net.http.retryPost=false)
if [[ -n ${COMPAT_CA:-} ]]; then
    options+=("-Djavax.net.ssl.trustStore=$(trust)" -Djavax.net.ssl.trustStorePassword=changeit)
fi

new=java-$(property azure-storage-queue.version)
old=java-legacy-$(property azure-storage.version)
failed=0
for column in "$new" "$new-async" "$old"; do
    if ! is_wanted "$column"; then
        continue
    fi
    case $column in
        *-async) sdk=async module=azure-storage-queue ;;
        java-legacy-*) sdk=legacy module=azure-storage ;;
        *) sdk=sync module=azure-storage-queue ;;
    esac
    filters=()
    if [[ -n ${COMPAT_SCENARIOS:-} ]]; then
        wanted=${COMPAT_SCENARIOS//[Ss ]/}
        filters+=("--include-methodname=.*#s(${wanted//,/|})_.*")
    fi
    unwanted=$(not_applicable "$column")
    if [[ -n $unwanted ]]; then
        filters+=("--exclude-methodname=.*#s($unwanted)_.*")
    fi
    echo "== $column"
    status=0
    java "${options[@]}" "-Dcompat.sdk=$sdk" "-Dcompat.column=$column" \
        "-Dcompat.report=$reports/$column.xml" \
        -cp "$cache/build/$module/classes:$(<"$cache/build/$module/classpath")" \
        org.junit.platform.console.ConsoleLauncher execute --select-package=queuerite.compat \
        --include-classname='.*Scenarios' --details=summary --disable-banner \
        --disable-ansi-colors "${filters[@]}" || status=$?
    case $status in
        0) ;;
        1) failed=1 ;;
        *) exit 2 ;;
    esac
done
exit $failed
