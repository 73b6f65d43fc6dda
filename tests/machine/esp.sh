# esp.sh - a FAT disk from which UEFI firmware can start the fetched guest's kernel: needs mtools.
esp() { # file
	rm -f "$1" && truncate -s 128M "$1" && mformat -i "$1" -F :: &&
		mcopy -i "$1" "$guest/kernel" ::/vmlinuz.efi && mcopy -i "$1" "$guest/initrd" ::/initrd
}
