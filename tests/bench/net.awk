# net.awk - the table of tests/bench/net
#
# After figures.awk.  Lines: `round machine card harts way`, bit/s in thousands, interrupts.
# -v machines=A,B: the columns' order.

{
	row = sprintf("%-12s %5s %-4s", $3, $4, $5)
	if (!(row in seen)) { seen[row] = 1; order[++nrows] = row }
	if (!$6) { bad = bad row " " $2 "\n"; next }
	add(row SUBSEP $2, $6 / 1000)
	add(row SUBSEP $2 SUBSEP "irqs", $7)
}

END {
	n = split(machines, machine, ",")
	printf "\n%-12s %5s %-4s", "Mbit/s", "harts", ""
	for (m = 1; m <= n; m++) printf " %9s", machine[m]
	for (m = 2; m <= n; m++) if (machine[1] == "qemu") printf "  %7s x", machine[m]
	print "   noise   interrupts"
	for (r = 1; r <= nrows; r++) {
		printf "%s", order[r]
		base = median(order[r] SUBSEP machine[1])
		noise = 0
		for (m = 1; m <= n; m++) {
			printf " %9.0f", median(order[r] SUBSEP machine[m])
			noise = largest(noise, spread(order[r] SUBSEP machine[m]))
		}
		for (m = 2; m <= n; m++)
			if (machine[1] == "qemu")
				printf "  %9.2f", base ? median(order[r] SUBSEP machine[m]) / base : 0
		printf "   %4.0f%%  ", noise
		for (m = 1; m <= n; m++) printf " %.0f", median(order[r] SUBSEP machine[m] SUBSEP "irqs")
		print ""
	}
	if (bad) { printf "no figure:\n%s", bad; exit 1 }
}
