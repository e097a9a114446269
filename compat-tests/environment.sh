# shellcheck shell=bash
# For whatever runs Python with packages of its own.

# Prints the Python of a virtual environment with these requirements, which is made anew when they
# change. Further arguments are pip's.
#
#   environment REQUIREMENTS FOLDER [ARGUMENTS OF PIP]
environment() {
    local requirements=$1 folder=$2
    shift 2
    if ! cmp --silent "$requirements" "$folder/installed.txt"; then
        rm -rf "$folder" &&
            mkdir -p "$folder" &&
            "${PYTHON:-python3}" -m venv "$folder" &&
            "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
                --requirement "$requirements" "$@" >&2 &&
            cp "$requirements" "$folder/installed.txt" || return
    fi
    echo "$folder/bin/python"
}
