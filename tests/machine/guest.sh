# guest.sh - what scripts share that have a fetched guest on a machine, which listens on
# descriptor 3.
#
# What the machine says is in $dir/out.  $dir goes away with the script, and so do the machine and
# the processes of $others; what a failure leaves for a person stays, in $dir-failed.  Without the
# guest, debian-small or what $wants says, there is nothing to do.
: "${VMBUILD:=build/dev/vmbuild}"
dir=$(mktemp -d) || exit 1
pid='' others='' passed=0 failed=0 skipped=0 told_all=''
clean() {
	[ -n "$told_all" ] || ends_early
	exec 3>&-
	for p in $pid $others; do kill "$p" 2>/dev/null; done
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
guest=${XDG_CACHE_HOME:-$HOME/.cache}/vmbuild/guests/${wants:=debian-small}
until='shell after' patience=60 # what the machine says when it is up, and how many seconds that may take

# -- What is printed ------------------------------------------------------------------------

told=$dir/out # its end is shown with what failed
verdict() { # name, what is wrong or nothing, figure
	if [ -z "$2" ]; then
		passed=$((passed + 1))
		printf 'ok    %-48s %s\n' "$1" "${3:-}"
	else
		failed=$((failed + 1))
		printf 'FAIL  %-48s %s\n' "$1" "$2"
		tail -n 8 "$told" 2>/dev/null | sed 's/^/      /'
		for said in "$dir/out" "$told"; do leave "$said" "$failed-${said##*/}"; done
	fi
}

# For a person, who reads what failed.
leave() { # file, its name there
	[ -s "$1" ] && mkdir -p "$dir-failed" && cp "$1" "$dir-failed/$2" || return 0
}

skip() { # name, why
	skipped=$((skipped + 1))
	printf 'skip  %-48s %s\n' "$1" "$2"
}

totals() {
	told_all=yes
	[ ! -e "$dir-failed" ] || echo "      what was said and seen until each failure: $dir-failed"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

# For those who exit before totals().
ends_early() {
	[ $failed != 0 ] || verdict "the script comes to its end" "it does not"
	totals
}

nothing_to_do() { # why
	skip "$(basename "$0")" "$1"
	totals
	exit 0
}

[ -e "$guest/kernel" ] || nothing_to_do "no guest: $VMBUILD fetch $wants"

# -- The machine ------------------------------------------------------------------------------

# Waits until `$1` stands in its output, or in the file $3; false after $2 seconds.
seen() {
	n=0
	until grep -aq -- "$1" "${3:-$dir/out}"; do
		n=$((n + 1))
		[ $n -lt $(($2 * 10)) ] && kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.1
	done
}

run_machine() { # board and arguments
	rm -f "$dir/in"
	mkfifo "$dir/in"
	: >"$dir/out"
	"$VMBUILD" run "$@" <"$dir/in" >"$dir/out" 2>&1 &
	pid=$!
	exec 3<>"$dir/in"
}

fresh_disk() { cp --sparse=always "$guest/image" "$dir/image"; }

boot() { # time limit, board and arguments
	fresh_disk
	boot_again "$@"
}

# From the disk as it is.
boot_again() { # time limit, board and arguments
	limit=$1
	shift
	run_machine "$@" -p image="$dir/image" --timeout "$limit"
	seen "$until" "$patience" && return
	verdict "the machine comes up" "no \`$until\` in $patience s: $VMBUILD run $*"
	return 1
}

say() { printf '%s\n' "$1" >&3; }

# Runs a command in the guest; its output is in $dir/answer, its exit code is returned, or that
# there is no answer.  The marker is not what the echo of the command line shows.
asked=0 no_answer=99
ask() { # seconds, command
	asked=$((asked + 1))
	from=$(($(wc -c <"$dir/out") + 1))
	say "$2; echo en''d$asked=\$?."
	seen "end$asked=[0-9]*\." "$1" || return $no_answer
	tail -c +$from "$dir/out" | tr -d '\r' >"$dir/answer"
	return "$(sed -n "s/.*end$asked=\([0-9]*\)\..*/\1/p" "$dir/answer" | head -n 1)"
}

figure() { :; } # what check prints of the answer; a script may know more

# A command that succeeds and, with a fourth argument, says that.
check() { # name, seconds, command in the guest, what its output must have
	ask "$2" "$3"
	code=$?
	case $code in
	0) wrong= ;;
	"$no_answer") wrong="no answer in $2 s" && kill -0 "$pid" 2>/dev/null || wrong="the machine has ended" ;;
	*) wrong="exit code $code" ;;
	esac
	[ -z "${4:-}" ] || grep -q -- "$4" "$dir/answer" || wrong="no \`$4\`${wrong:+, $wrong}"
	verdict "$1" "$wrong" "$(figure)"
	[ -z "$wrong" ] || printf '%s\n' "$3" | sed 's/^/      asked: /'
}

# CPU seconds of the machine.
cpu() { awk '{ printf "%.2f", ($14 + $15) / 100 }' "/proc/$pid/stat"; }

# Waits until it ends by itself; its exit code.
ended() {
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt "$((patience * 10))" ]; do sleep 0.1; n=$((n + 1)); done
	stop
}

ends() { # name
	wrong=
	ended || wrong="exit code $?"
	verdict "$1" "$wrong"
}

power_off() {
	say poweroff
	ends "poweroff"
}

stop() {
	kill "$pid" 2>/dev/null
	wait "$pid"
	code=$?
	pid=
	exec 3>&-
	return $code
}

# True if the file system that the machine left behind is.
disk_is_sound() { PATH=$PATH:/sbin:/usr/sbin e2fsck -fn "$dir/image" >"$dir/answer" 2>&1; }
