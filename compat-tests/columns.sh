# shellcheck shell=bash
# For the suites' run.sh: which columns are wanted.

# Whether a column is, by COMPAT_COLUMNS: names, or how they begin, separated by commas; all, if it
# is empty.
is_wanted() {
    local beginning
    for beginning in $(tr , ' ' <<<"${COMPAT_COLUMNS:-$1}"); do
        [[ $1 != "$beginning"* ]] || return 0
    done
    return 1
}
