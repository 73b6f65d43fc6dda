# screen.sh - what can be seen: pictures, and a window system of a script's own, Xvfb.  After guest.sh.

# Whether this host has these programs; else `missing` says what it lacks.
has() { # program...
	missing=
	for tool; do
		command -v "$tool" >/dev/null || missing="no $tool"
	done
	[ -z "$missing" ]
}

have_pictures() { has convert compare; }

have_windows() {
	has Xvfb xdotool import convert compare || return
	! "$VMBUILD" version -v | grep -q "SDL2 no" || missing="this build has no SDL2"
	[ -z "$missing" ]
}

# How many pixels of two pictures differ; false if any does.
pixels() { compare -metric AE "$1" "$2" null: 2>&1; }

# Pixel by pixel as in the golden file, which UPDATE_GOLDEN=1 makes anew.
looks() { # name, picture, golden file
	wrong=
	[ -z "${UPDATE_GOLDEN:-}" ] || convert "$2" -strip -define png:exclude-chunks=date,time "$3"
	n=$(pixels "$3" "$2") || wrong="$n pixels differ from $(basename "$3")"
	[ -z "$wrong" ] || leave "$2" "$(basename "$3")"
	verdict "$1" "$wrong" "$(identify -format %wx%h "$2")"
}

open_screen() { # size
	Xvfb -displayfd 4 -screen 0 "$1x24" -nolisten tcp 4>"$dir/display" 2>/dev/null &
	screen=$!
	others="$others $screen"
	n=0
	until [ -s "$dir/display" ] || [ $n = 100 ]; do sleep 0.1; n=$((n + 1)); done
	DISPLAY=:$(cat "$dir/display")
	export DISPLAY
}
