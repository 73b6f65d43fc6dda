# rows.awk - which rows of rv.def do programs contain?
#
#   awk -f rows.awk src/riscv/rv.def words
#
# `words` has one instruction a line, in hexadecimal: 4 or 8 digits.  Prints "rows HIT/ALL" and
# the names of rows that no word matches.  A word that matches two rows counts for the one with more
# fixed bits, as in the decoder.

function binary(hex,    i, s) {
	s = ""
	for (i = 1; i <= length(hex); i++)
		s = s nibble[substr(hex, i, 1)]
	return s
}

# The bits of `word` where the pattern of row r has this letter.
function field(word, r, letter,    i, s) {
	s = ""
	for (i = 1; i <= length(word); i++)
		if (substr(bits[r], i, 1) == letter)
			s = s substr(word, i, 1)
	return s
}

# N, Q, E, X and I must not be 0; m is neither 5 nor 6.
function letters_fit(word, r,    i, f) {
	for (i = 1; i <= 5; i++) {
		f = field(word, r, substr("NQEXI", i, 1))
		if (f != "" && f !~ /1/)
			return 0
	}
	f = field(word, r, "m")
	return f != "101" && f != "110"
}

# Rows are looked for among those with the word's length and lowest bits.
function key(pattern) {
	return length(pattern) == 32 ? substr(pattern, 26) : "c" substr(pattern, 15)
}

BEGIN {
	for (i = 0; i < 16; i++)
		nibble[sprintf("%x", i)] = int(i / 8) int(i / 4) % 2 int(i / 2) % 2 i % 2
}

FNR == NR && /^[IC](64)?\(/ {
	split($0, quoted, "\"")
	name = $0
	sub(/^[^(]*\(/, "", name)
	sub(/,.*/, "", name)
	pattern = quoted[2]
	gsub(/ /, "", pattern)
	names[++rows] = name
	bits[rows] = pattern
	fixed[rows] = gsub(/[01]/, "&", pattern)
	shape[rows] = bits[rows]
	gsub(/[^01]/, "[01]", shape[rows])
	bucket[key(bits[rows])] = bucket[key(bits[rows])] " " rows
}

FNR != NR && !seen[$1]++ {
	word = binary($1)
	n = split(bucket[key(word)], candidates, " ")
	best = 0
	for (i = 1; i <= n; i++) {
		r = candidates[i]
		if (fixed[r] > fixed[best] && word ~ ("^" shape[r] "$") && letters_fit(word, r))
			best = r
	}
	hit[best] = 1
}

END {
	for (r = 1; r <= rows; r++) {
		if (hit[r])
			hits++
		else
			missed = missed " " names[r]
	}
	printf "rows %d/%d%s\n", hits, rows, missed ? "  missed:" missed : ""
}
