#!/usr/bin/env bash
# Times what is done for every request (parse, verify, answer; decide and apply; commit), and counts
# its instructions where valgrind is installed. Counts hardly depend on what else the machine does.
#
#   scripts/micro.sh                  times, which criterion compares with its last ones, then counts
#   scripts/micro.sh --quick          the same, timed for a moment only
#   scripts/micro.sh --count          counts alone
#   scripts/micro.sh --update         counts alone, kept in crates/micro/instructions.txt
#   scripts/micro.sh --check [RATIO]  counts alone; fails if one is more than RATIO (1.1) times as
#                                     high as the one that is kept
set -euo pipefail
cd "$(dirname "$0")/.."

benches=(wire/requests engine/operations store/commit)

each() {
    local bench code=0
    for bench in "${benches[@]}"; do
        cargo bench --locked --quiet -p "queuerite-${bench%/*}" --bench "${bench#*/}" -- "$@" || code=1
    done
    return "$code"
}

case "${1:-}" in
    '') each && each --instructions ;;
    --quick) each --quick && each --instructions ;;
    --count) each --instructions ;;
    --update) each --instructions --update ;;
    --check) each --instructions --check "${2:-1.1}" ;;
    *) echo "micro.sh: unknown option '$1'; see the head of this script" >&2; exit 2 ;;
esac
