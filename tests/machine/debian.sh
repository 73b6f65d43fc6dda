# debian.sh - guest.sh for a whole Debian: what is asked, SSH asks.
#
# $wants says which guest; the name of its machine is the board's.
. "$(dirname "$0")/guest.sh"
export XDG_RUNTIME_DIR="$dir" # its own names of machines
until='debian login:' patience=400

command -v ssh >/dev/null || nothing_to_do "no ssh"
ssh-keygen -q -t ed25519 -N '' -f "$dir/key" || exit 1

# boot(), and a way in: the console's prompt may be there before it.
start_debian() { # time limit, board and arguments
	begin=$(date +%s)
	boot "$@" -p ssh=2600+ -p ssh-key="$(cat "$dir/key.pub")" || return
	find_port && lets_in && return
	verdict "SSH lets in" "not within $patience s of the login prompt: $VMBUILD run $*"
	return 1
}

# Of this host, which leads to the guest's port 22.
find_port() {
	port=$(sed -n "s/^net0: 127.0.0.1:\([0-9]*\) leads .*/\1/p" "$dir/out" | head -n 1)
	[ -n "$port" ]
}

# Within $patience seconds.  A guest that hangs takes the connection and says nothing.
lets_in() {
	last=$(($(date +%s) + patience))
	while
		left=$((last - $(date +%s)))
		[ $left -gt 0 ] && kill -0 "$pid" || return 1
		! in_guest true $left >"$dir/answer"
	do sleep 1; done
}

# Seconds since the machine was started.
since_start() { echo $(($(date +%s) - begin)); }

in_guest() { # command, seconds, if it is not to take longer
	timeout "${2:-0}" ssh -n -o LogLevel=ERROR -i "$dir/key" -p "$port" -o StrictHostKeyChecking=no -o BatchMode=yes \
		-o UserKnownHostsFile=/dev/null -o ConnectTimeout=60 -o ServerAliveInterval=20 root@127.0.0.1 "$1" 2>&1
}

# timeout's own exit code is 124, SSH's 255.
ask() { # seconds, command
	in_guest "timeout $1 sh -c '$(printf %s "$2" | sed "s/'/'\\\\''/g")'" >"$dir/answer"
	code=$?
	case $code in 124 | 255) return $no_answer ;; esac
	return $code
}

power_off() {
	ask 20 poweroff
	ends "poweroff"
}

still_sound() {
	wrong=
	disk_is_sound || wrong="it is damaged"
	verdict "the file system is sound" "$wrong"
}
