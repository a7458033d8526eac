# Writes a manual page for each struct, enum and function type of the public headers: the declaration, its comment and
# the comments of its members. A type or a member without a comment is an error. Types that have a page in the folder
# of the manual, and opaque ones, are left out.
#
#     LC_ALL=C awk -v man=MAN -v out=FOLDER -f types.awk HEADER...
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# ---- reading the headers ----

FNR == 1 {
    header = FILENAME
    sub(/.*\//, "", header)
    comment = ""
}

function complain(what) {
    print FILENAME ":" FNR ": " what | "cat >&2"
    failed = 1
}

function trim(text) {
    gsub(/^[ \t\n]+|[ \t\n]+$/, "", text)
    return text
}

function words_of(text) {
    gsub(/[^A-Za-z0-9_]+/, " ", text)
    return " " trim(text) " "
}

function add_type(type, sort) {
    names[++types] = type
    kind[type] = sort
    origin[type] = header
    about[type] = trim(comment)
    if (about[type] == "")
        complain(type " has no comment")
    comment = ""
}

# A member begins after one that is complete: that ends in ";" or ",".
function add_declaration(type, text,    number) {
    number = members[type]
    if (text == "" && (number == 0 || declared[type, number] == ""))
        return
    if (number == 0 || declared[type, number] ~ /[;,]$/ || declared[type, number] == "")
        declared[type, number = ++members[type]] = text
    else
        declared[type, number] = declared[type, number] " " text
}

function add_line(type, line,    at) {
    if (!in_comment) {
        at = index(line, "/*")
        add_declaration(type, trim(at ? substr(line, 1, at - 1) : line))
        if (!at)
            return
        line = substr(line, at + 2)
    }
    at = index(line, "*/")
    in_comment = !at
    meaning[type, members[type]] = trim(meaning[type, members[type]] " " trim(at ? substr(line, 1, at - 1) : line))
}

inside != "" && /^}/ {
    for (i = 1; i <= members[inside]; i++)
        if (declared[inside, i] != "" && meaning[inside, i] == "")
            complain(inside ": no comment at " declared[inside, i])
    inside = ""
    next
}
inside != "" {
    add_line(inside, $0)
    next
}

/^\/\*/ { comment = ""; commenting = 1 }
commenting {
    line = $0
    sub(/^\/\*+ ?/, "", line)
    sub(/^ \*\/?/, "", line)
    sub(/ ?\*\/$/, "", line)
    sub(/^ /, "", line)
    comment = comment line "\n"
    if ($0 ~ /\*\/$/)
        commenting = 0
    next
}

/^typedef (struct|enum) weir_[a-z_]+ \{/ {
    add_type($3, $2)
    if ($0 ~ /\}/)
        complain($3 ": one member a line, each with a comment")
    else
        inside = $3
    next
}
/^typedef .*\(/ { prototype = "typedef" }
/^WEIR_API / { prototype = "call" }
prototype != "" {
    text = trim(text " " trim($0))
    if ($0 !~ /;/)
        next
    sub(/;.*/, "", text)
    match(text, /weir_[a-z_]+\(/)
    called = substr(text, RSTART, RLENGTH - 1)
    if (prototype == "typedef") {
        add_type(called, "function")
        declared[called, ++members[called]] = text
    } else {
        calls[++call_count] = called
        call_words[called] = words_of(text)
    }
    prototype = text = ""
    next
}
/^$/ { comment = "" }

# ---- writing ----

function put_text(text) {
    if (text ~ /^[.']/)
        text = "\\&" text
    print text >page
}

function flush() {
    if (pending != "")
        put_text(pending)
    pending = ""
}

function plain(word) {
    if (length(pending " " word) > 78)
        flush()
    pending = pending == "" ? word : pending " " word
}

# Returns the macro for a word, or "" if it is a word of the language.
function macro(word, type, following) {
    if (word ~ /^`[^`]+`$/)
        return "Fa \"" substr(word, 2, length(word) - 2) "\""
    if (word == type)
        return "Nm"
    if (word ~ /^weir_[a-z0-9_]+$/)
        return following ~ /^\*/ ? "Vt " word : "Xr " word " 3"
    if (word ~ /^WEIR_[A-Z0-9_]+$/)
        return "Dv " word
    if (word ~ /^[a-z]+(_[a-z0-9]+)+$/)
        return "Fa " word
    return ""
}

function put_word(word, type, following,    whole, opened, closed, owner, call) {
    whole = word
    if (word ~ /^\(/) {
        opened = "( "
        word = substr(word, 2)
    }
    while (word ~ /[.,;:)?!]$/) {
        closed = " " substr(word, length(word)) closed
        word = substr(word, 1, length(word) - 1)
    }
    if (word ~ /.'s$/) {
        owner = " Ns 's"
        word = substr(word, 1, length(word) - 2)
    }
    call = macro(word, type, following)
    if (call == "") {
        gsub(/\001/, " ", whole)
        plain(whole)
    } else {
        flush()
        gsub(/\001/, " ", call)
        sub(/ /, " " opened, call)
        if (call == "Nm" && opened != "")
            call = "Nm " opened
        print "." call owner closed >page
    }
    if (whole ~ /[.?!][)]?$/)
        flush()
}

# Writes running text, in which the spaces of `...` are kept together.
function put_prose(text, type,    count, part, i, list) {
    count = split(text, part, "`")
    text = ""
    for (i = 1; i <= count; i++) {
        if (i % 2 == 0)
            gsub(/ /, "\001", part[i])
        text = text (i > 1 ? "`" : "") part[i]
    }
    count = split(trim(text), list, /[ \n]+/)
    for (i = 1; i <= count; i++)
        put_word(list[i], type, i < count ? list[i + 1] : "")
    flush()
}

# Writes a comment: paragraphs, items that begin with "- ", and code, which is indented.
function put_comment(text, type,    count, line, i, mode, last, gathered) {
    count = split(text "\n", line, "\n")
    for (i = 1; i <= count; i++) {
        last = mode
        if (line[i] ~ /^    / && gathered == "")
            mode = "code"
        else if (line[i] ~ /^- /)
            mode = "item"
        else if (line[i] == "" || (mode == "item" && line[i] !~ /^  /) || mode == "code")
            mode = line[i] == "" ? "" : "text"
        else if (mode == "")
            mode = "text"
        if (gathered != "" && (mode != last || line[i] ~ /^- /)) {
            put_prose(gathered, type)
            gathered = ""
        }
        if (last == "code" && mode != "code")
            print ".Ed" >page
        if (last == "item" && mode != "item" && (line[i] != "" || line[i + 1] !~ /^- /)) {
            print ".El" >page
            listing = 0
        }
        if (mode == "text" && last != "text" && begun)
            print ".Pp" >page
        if (mode == "code" && last != "code")
            print ".Bd -literal -offset indent" >page
        if (mode == "item" && line[i] ~ /^- /) {
            if (!listing)
                print ".Bl -bullet" >page
            listing = 1
            print ".It" >page
        }
        if (mode == "code")
            put_text(substr(line[i], 5))
        else if (mode != "")
            gathered = gathered " " (line[i] ~ /^- / ? substr(line[i], 3) : trim(line[i]))
        if (mode != "")
            begun = 1
    }
    begun = 0
}

function first_sentence(text,    at) {
    sub(/\n\n.*/, "", text)
    gsub(/\n/, " ", text)
    if ((at = index(text, ". ")) > 0)
        text = substr(text, 1, at - 1)
    sub(/\.$/, "", text)
    gsub(/`| \([^)]*\)/, "", text)
    return tolower(substr(text, 1, 1)) substr(text, 2)
}

# The names in a declaration of a struct or an enum, in order: "size_t from, to;" has two.
function names_in(text,    count, part, i, list, name) {
    sub(/[;,]$/, "", text)
    sub(/ = .*/, "", text)
    count = split(text, part, ",")
    for (i = 1; i <= count; i++) {
        name = part[i]
        sub(/\[.*/, "", name)
        sub(/.*[ *]/, "", name)
        list = list (i > 1 ? " , " : "") name
    }
    return list
}

function put_function(type,    text, at, count, part, i) {
    text = declared[type, 1]
    at = index(text, type "(")
    print ".Ft " trim(substr(text, 1, at - 1)) >page
    text = substr(text, at + length(type) + 1)
    sub(/\)$/, "", text)
    count = split(text, part, ",")
    printf ".Fn %s", type >page
    for (i = 1; i <= count; i++)
        printf " \"%s\"", trim(part[i]) >page
    print "" >page
}

function put_declaration(type,    i) {
    print ".Bd -literal" >page
    print "typedef " kind[type] " " type " {" >page
    for (i = 1; i <= members[type]; i++)
        print (declared[type, i] == "" ? "" : "    " declared[type, i]) >page
    print "} " type ";\n.Ed" >page
}

function put_members(type,    i) {
    print ".Pp" >page
    print (kind[type] == "enum" ? "Its values:" : "Its members:") >page
    print ".Bl -tag -width Ds" >page
    for (i = 1; i <= members[type]; i++) {
        if (declared[type, i] == "")
            continue
        print ".It " (kind[type] == "enum" ? "Dv " : "Fa ") names_in(declared[type, i]) >page
        put_prose(meaning[type, i], type)
    }
    print ".El" >page
}

function exists(file,    line, got) {
    got = (getline line <file)
    close(file)
    return got > 0
}

function page_of(head) {
    sub(/\.h$/, "", head)
    return "weir_" head
}

function date_of(file,    line) {
    while ((getline line <file) > 0)
        if (line ~ /^\.Dd /)
            break
    close(file)
    return line
}

function all_words(type,    i, text) {
    for (i = 1; i <= members[type]; i++)
        text = text " " declared[type, i]
    return words_of(text)
}

# Writes the links, in order: the page of the header, the calls and types that name this one, and the types it names.
function put_links(type, head,    i, j, count, list, other, seen) {
    if (exists(man "/" head ".3"))
        list[++count] = head
    for (i = 1; i <= call_count; i++)
        if (index(call_words[calls[i]], " " type " "))
            list[++count] = calls[i]
    for (i = 1; i <= types; i++) {
        other = names[i]
        if (index(all_words(other), " " type " ") || index(all_words(type), " " other " "))
            list[++count] = other
    }
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
            other = list[j]
            list[j] = list[j - 1]
            list[j - 1] = other
        }
    print ".Sh SEE ALSO" >page
    for (i = 1; i <= count; i++)
        if (list[i] != type && list[i] != list[i - 1])
            printf ".Xr %s 3 ,\n", list[i] >page
    print ".Xr weir 7" >page
}

function put_page(type,    head, dated) {
    head = page_of(origin[type])
    page = out "/" type ".3"
    dated = man "/" head ".3"
    print ".\\\" Written by man/types.awk from weir/" origin[type] "." >page
    print date_of(exists(dated) ? dated : man "/weir.7") >page
    print ".Dt " toupper(type) " 3\n.Os weir\n.Sh NAME\n.Nm " type >page
    print ".Nd " first_sentence(about[type]) >page
    print ".Sh SYNOPSIS\n.In weir/" origin[type] >page
    if (kind[type] == "function")
        put_function(type)
    else
        put_declaration(type)
    print ".Sh DESCRIPTION" >page
    put_comment(about[type], type)
    if (kind[type] != "function")
        put_members(type)
    put_links(type, head)
    close(page)
}

END {
    for (number = 1; number <= types; number++)
        if (!exists(man "/" names[number] ".3"))
            put_page(names[number])
    exit failed
}
