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

# Hundredths of a second since the start of all harts: those used and all.  Nothing is started for
# it: on a slow machine a process more in each second would be all the work that is left.
ticks() {
	read -r _ user nice system idle wait irq softirq steal _ </proc/stat
	used=$((user + nice + system + irq + softirq + steal))
	all=$((used + idle + wait))
}

# True if less than a twentieth of a second of all harts was used.
rests() {
	ticks
	used_before=$used all_before=$all
	sleep 1
	ticks
	[ $(((used - used_before) * 20)) -lt $((all - all_before)) ]
}

until seen xfdesktop && seen xfce4-panel; do sleep 1; done
quiet=0
while [ $quiet -lt 5 ]; do
	rests && quiet=$((quiet + 1)) || quiet=0
done
read -r seconds rest </proc/uptime
echo "the desktop is idle after $seconds s" | sudo tee /dev/console
