# report.awk - the tables of tests/bench/run, from what the meter wrote
#
# After figures.awk.  First file: the rows, as `name group harts`.  Second file: `round machine
# harts`, the meter's three figures (seconds, CPU seconds, KiB), and a line of the program.
# -v csv=FILE: where to write each measurement; -v rounds=N; -v divide=N of the work.

function fail_row(m, row, why) {
	if (!((m, row) in bad)) bad[m, row] = why
}

# "-" for what was not measured; else four characters or more that say something.
function figure(v) {
	if (v <= 0) return "-"
	return v >= 99.5 ? sprintf("%.0f", v) : v >= 9.95 ? sprintf("%.1f", v) : sprintf("%.2f", v)
}

function exact(v) {
	return v > 0 ? sprintf("%.3f", v) : "-"
}

FNR == NR {
	order[++nrows] = $1
	group[$1] = $2
	next
}

{ m = $2; kind = $7; row = $8; id = $1 " " m " " $3 }

!(m in known) { known[m] = 1; machine[++nmachines] = m }

kind == "INIT" && $3 == 1 && m != "native" {
	add("init-cpu " m, $5)
	add("init-wall " m, $4)
}

kind == "GO" { go_host[id] = $4; go_cpu[id] = $5 }

kind == "ROW" {
	host = $4 - go_host[id]
	cpu = m == "native" ? $12 : $5 - go_cpu[id]
	seconds = $10
	works[row] = $9
	add("s " m " " row, seconds)
	add("cpu " m " " row, cpu)
	guest_time[m] += seconds
	host_time[m] += host
	if (divide == 1 && (host - seconds > 0.25 + seconds / 5 || seconds - host > 0.25 + seconds / 5))
		fail_row(m, row, "clock: " seconds " s in the guest, " host " s outside")
	if ((m, row) in sum && sum[m, row] != $11)
		fail_row(m, row, "checksum changes")
	sum[m, row] = $11
	beyond[m] = largest(beyond[m], $6)
	if (csv)
		line[++nlines] = $1 "," m "," $3 "," row "," $9 "," seconds "," host "," cpu "," $11
}

kind == "SKIP" || kind == "DEAD" {
	why = $0
	sub(/.* (SKIP|DEAD) [^ ]* */, "", why)
	if (kind == "DEAD") fail_row(m, row, why)
	else skip[m, row] = why
}

kind == "FAIL" { print "bench: " m ": " $0 }
kind == "NOBOOT" { noboot[m] = 1 }
kind == "instructions" { instructions[m] += $8; counting[id] = 1 }
kind == "EXIT" && (id in counting) { counted_cpu[m] += $5; delete counting[id] }

# The first machine that computed a row is what the others must agree with.
function check_sums(   i, k, m, row) {
	for (i = 1; i <= nrows; i++) {
		row = order[i]
		for (k = 1; k <= nmachines; k++) {
			m = machine[k]
			if (!((m, row) in sum)) continue
			if (!(row in reference)) { reference[row] = sum[m, row]; from[row] = m }
			else if (sum[m, row] != reference[row])
				fail_row(m, row, "checksum " sum[m, row] ", " from[row] " has " reference[row])
		}
	}
}

function time_of(what, m, row) {
	return (m, row) in bad ? 0 : median(what " " m " " row)
}

function ratio(a, b) {
	return a > 0 && b > 0 ? a / b : 0
}

function add_mean(key, v) {
	if (v > 0) { logs[key] += log(v); nlogs[key]++ }
}

function mean(key) {
	return nlogs[key] ? exp(logs[key] / nlogs[key]) : 0
}

function note(m, row) {
	if ((m, row) in bad) return "  INVALID " bad[m, row]
	if ((m, row) in skip) return "  " skip[m, row]
	if (("qemu", row) in bad) return "  QEMU: " bad["qemu", row]
	if (("native", row) in bad) return "  native: " bad["native", row]
	return ""
}

function print_row(m, row,   s, q, n, noise) {
	s = time_of("s", m, row); q = time_of("s", "qemu", row); n = time_of("s", "native", row)
	if (!s && !q && !n && !((m, row) in bad) && !((m, row) in skip)) return
	noise = largest(spread("s " m " " row), largest(spread("s qemu " row), spread("s native " row)))
	if (group[row] != "time") {
		add_mean(m " all", ratio(q, s)); add_mean(m " " group[row], ratio(q, s))
		add_mean(m " all cpu", ratio(time_of("cpu", "qemu", row), time_of("cpu", m, row)))
		add_mean(m " all native", ratio(n, s)); add_mean(m " " group[row] " native", ratio(n, s))
	}
	printf "%-13s %8s %8s %8s %8s %8s %9s %7s%s\n", row, exact(n), exact(q), exact(s),
		figure(ratio(q, s)), figure(ratio(time_of("cpu", "qemu", row), time_of("cpu", m, row))),
		figure(ratio(n, s) * 100), (rounds > 1 ? sprintf("%.0f%%", noise) : "-"), note(m, row)
}

function print_means(m,   g, k, names, n) {
	n = split("int fp memory atomic kernel", names, " ")
	for (k = 1; k <= n; k++)
		if (nlogs[m " " names[k]] || nlogs[m " " names[k] " native"])
			printf "%-13s %8s %8s %8s %8s %8s %9s\n", "mean " names[k], "", "", "",
				figure(mean(m " " names[k])), "", figure(mean(m " " names[k] " native") * 100)
	printf "%-13s %8s %8s %8s %8s %8s %9s\n", "GEOMEAN", "", "", "", figure(mean(m " all")),
		figure(mean(m " all cpu")), figure(mean(m " all native") * 100)
}

function print_engine(m,   i) {
	printf "\n%-13s %8s %8s %8s %8s %8s %9s %7s\n", "row", "native", "QEMU", m, "x QEMU", "x CPU",
		"% native", "noise"
	for (i = 1; i <= nrows; i++) print_row(m, order[i])
	print_means(m)
}

function print_facts(   k, m) {
	printf "\n%-13s %12s %12s %8s %12s %12s %10s %8s %8s\n", "machine", "init CPU s",
		"init wall s", "MIPS", "beyond RAM", "guest/host", "usleep 1ms", "ticks/s", "2 harts"
	for (k = 1; k <= nmachines; k++) {
		m = machine[k]
		printf "%-13s %12s %12s %8s %12s %12s %10s %8s %8s\n", m, figure(median("init-cpu " m)),
			figure(median("init-wall " m)),
			figure(ratio(instructions[m] / 1e6, counted_cpu[m])),
			(beyond[m] && m != "native" ? sprintf("%.1f MiB", beyond[m] / 1024) : "-"),
			exact(ratio(guest_time[m], host_time[m])),
			figure(ratio(time_of("s", m, "usleep") * 1000, works["usleep"])),
			figure(ratio(works["ticks"], time_of("s", m, "ticks"))),
			figure(ratio(time_of("s", m, "crc32"), time_of("s", m, "scale-2")))
	}
}

END {
	check_sums()
	for (k = 1; k <= nmachines; k++)
		if (machine[k] != "native" && machine[k] != "qemu") { print_engine(machine[k]); shown = 1 }
	if (!shown) print_engine("-")
	print_facts()
	status = 0
	for (key in bad) {
		split(key, part, SUBSEP)
		if (part[1] != "native" && part[1] != "qemu") status = 1
	}
	for (m in noboot) { print "bench: " m " did not boot"; if (m != "qemu") status = 1 }
	if (csv) {
		print "round,machine,harts,row,work,seconds,host_seconds,cpu_seconds,checksum,state" >csv
		for (i = 1; i <= nlines; i++) {
			split(line[i], part, ",")
			print line[i] "," ((part[2], part[4]) in bad ? "invalid" : "ok") >csv
		}
	}
	exit status
}
