# Makes a report in the form of JUnit of what `cargo test -- --format pretty --show-output` prints:
# a line for each test, and what each test has printed by itself.

/^test .* \.\.\. (ok|FAILED)$/ {
    name = $2
    sub(/^.*::/, "", name)
    names[++count] = name
    result[name] = $NF
    next
}

/^---- .* stdout ----$/ {
    current = $2
    sub(/^.*::/, "", current)
    next
}

/^(successes|failures):$/ { current = ""; next }

current != "" { printed[current] = printed[current] escaped($0) "\n" }

END {
    for (i = 1; i <= count; i++) {
        name = names[i]
        if (result[name] == "FAILED")
            failures++
        else if (reason(name) != "")
            skipped++
    }
    print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    printf "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n", suite, count, failures, skipped
    for (i = 1; i <= count; i++) {
        name = names[i]
        printf "  <testcase classname=\"%s\" name=\"%s\">", suite, name
        if (result[name] == "FAILED")
            printf "<failure message=\"failed\">%s</failure>", printed[name]
        else if (reason(name) != "")
            printf "<skipped message=\"%s\"/>", reason(name)
        print "</testcase>"
    }
    print "</testsuite>"
}

# Why a test was skipped, which libtest has no word for: see skip! in endpoint.rs.
function reason(name,    begin, rest) {
    begin = index(printed[name], "SKIPPED: ")
    if (!begin)
        return ""
    rest = substr(printed[name], begin + 9)
    return substr(rest, 1, index(rest, "\n") - 1)
}

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    # What XML cannot carry, not even escaped.
    gsub(/[\001-\010\013\014\016-\037]/, "?", text)
    return text
}
