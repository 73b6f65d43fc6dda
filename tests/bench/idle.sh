#!/bin/sh
# idle.sh - in the guest of tests/bench/desktop, a program of the session: says on the console when
# the desktop can be seen and nobody works any more.

# True if a window of that class is on the screen.
seen() {
	for window in $(xprop -root _NET_CLIENT_LIST | sed 's/.*#//; s/,//g'); do
		xprop -id "$window" WM_CLASS | grep -qi "$1" &&
			xwininfo -id "$window" | grep -q IsViewable && return
	done
	false
}

# Hundredths of a second since the start of all harts: idle ones, and all.
ticks() { awk '/^cpu / { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; }

# True if less than a twentieth of a second of all harts was used.
rests() {
	before=$(ticks)
	sleep 1
	echo "$before $(ticks)" | awk '{ exit ($3 - $1) * 20 < ($4 - $2) * 19 }'
}

until seen xfdesktop && seen xfce4-panel; do sleep 1; done
quiet=0
while [ $quiet -lt 5 ]; do
	rests && quiet=$((quiet + 1)) || quiet=0
done
read -r seconds rest </proc/uptime
echo "the desktop is idle after $seconds s" | sudo tee /dev/console
