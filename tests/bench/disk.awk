# disk.awk - the table of tests/bench/disk
#
# After figures.awk.  First file: the rows.  Second file: `round machine disk row error`, KiB/s and IO/s of reads,
# of writes.  -v machines=A,B: the columns' order.

# "-" for what has no figure.
function cell(v, format) {
	return v > 0 ? sprintf(format, v) : "-"
}

function key_of(d, r, m) {
	return disk[d] SUBSEP order[r] SUBSEP machine[m]
}

function head(d,   m) {
	printf "\n%-14s %6s", disk[d], ""
	for (m = 1; m <= nmachines; m++) printf " %9s", machine[m]
	for (m = 2; m <= nmachines; m++) if (compared) printf "  %7s x", machine[m]
	print "   noise"
}

function line(d, r,   m, base, noise) {
	printf "%-14s %6s", order[r], size[order[r]] == "4k" ? "IO/s" : "MiB/s"
	base = median(key_of(d, r, 1))
	for (m = 1; m <= nmachines; m++) {
		printf " %9s", cell(median(key_of(d, r, m)), "%.0f")
		noise = largest(noise, spread(key_of(d, r, m)))
		if (!count[key_of(d, r, m)]) bad = 1
	}
	for (m = 2; m <= nmachines; m++)
		if (compared) printf "  %9s", cell(base ? median(key_of(d, r, m)) / base : 0, "%.2f")
	printf "   %5s\n", cell(noise, "%.0f%%")
}

FNR == NR { order[++nrows] = $1; size[$1] = $3; next }

!($3 in seen) { seen[$3] = 1; disk[++ndisks] = $3 }

!$5 && $7 + $9 { add($3 SUBSEP $4 SUBSEP $2, size[$4] == "4k" ? $7 + $9 : ($6 + $8) / 1024) }

END {
	nmachines = split(machines, machine, ",")
	compared = machine[1] == "qemu"
	for (d = 1; d <= ndisks; d++) {
		head(d)
		for (r = 1; r <= nrows; r++) line(d, r)
	}
	exit bad
}
