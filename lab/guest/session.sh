# SPDX-License-Identifier: MIT
# Sourced in an emulated host: a stock QEMU with the guest of guest.c, saved, restored and reset by way
# of QMP. What a guest NAME leaves in /out: NAME.serial, NAME.err (what QEMU said), NAME.status (its
# exit status, or "stopped": it was still there and did not run), NAME.trace (trace.c), NAME.log (the
# preload library's), NAME.state.
#
# The settings of a guest: MODEL (empty: unpinned), CPU, MACHINE, SMP, KERNEL, INITRD, MEMORY, TICKS to wait for, INCOMING (a
# file), RESETS, SAVE (yes: to NAME.state), WAIT (seconds without a new line that end the waiting).

lines() { # FILE PATTERN
	[ -f "$1" ] && grep -c "^$2" "$1" || true
}

whole_tick=' .* odd [0-9a-f]' # a line as far as its end

# Waits until the serial port has COUNT such lines; gives up when QEMU has ended or says no more.
wait_lines() { # NAME PATTERN COUNT
	left=$((WAIT * 10))
	had=
	while now=$(lines "$1.serial" "$2") && [ "${now:-0}" -lt "$3" ]; do
		kill -0 "$qemu" 2>/dev/null && [ $left -gt 0 ] || return 1
		[ "$now" = "$had" ] || left=$((WAIT * 10))
		had=$now
		left=$((left - 1))
		sleep 0.1
	done
}

wait_said() { # NAME TEXT
	left=300
	until grep -q "$2" "$1.qmp"; do
		kill -0 "$qemu" 2>/dev/null && [ $left -gt 0 ] || return 1
		left=$((left - 1))
		sleep 0.1
	done
}

save() { # NAME
	echo "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"file:/out/$1.state\"}}" >&9
	left=100
	until grep -q '"status": "completed"\|"status": "failed"' "$1.qmp"; do
		kill -0 "$qemu" 2>/dev/null && [ $left -gt 0 ] || return 1
		sleep 0.2
		left=$((left - 1))
		echo '{"execute":"query-migrate"}' >&9
	done
}

reset_guest() { # NAME
	done=0
	boots=$(lines "$1.serial" 'boot ')
	while [ $done -lt "$RESETS" ]; do
		echo '{"execute":"system_reset"}' >&9
		done=$((done + 1))
		# the guest comes to the end of its first tick before the next reset
		wait_lines "$1" "tick 0$whole_tick" $((boots + done)) || return 1
	done
}

guest() { # NAME
	name=$1
	set -- qemu-system-aarch64 -accel kvm -cpu "$CPU" -M "$MACHINE" -smp "$SMP" -m "$MEMORY" -nodefaults \
		-display none -nic none -serial "file:/out/$name.serial" -qmp stdio -sandbox on \
		-kernel "$KERNEL"
	[ -z "$INITRD" ] || set -- "$@" -initrd "$INITRD" -append 'console=ttyAMA0 quiet loglevel=0'
	[ -z "$INCOMING" ] || set -- "$@" -incoming "file:$INCOMING"
	[ -z "$MODEL" ] || set -- steadyarm run --model "$MODEL" --log "/out/$name.log" \
		--library /in/steadyarm-preload.so -- "$@"
	rm -f /tmp/qmp
	mkfifo /tmp/qmp
	LAB_TRACE=/out/$name.trace LD_PRELOAD=/in/lab-trace.so "$@" </tmp/qmp >"$name.qmp" 2>"$name.err" &
	qemu=$!
	exec 9>/tmp/qmp
	echo '{"execute":"qmp_capabilities"}' >&9
	status=
	wait_lines "$name" "tick [0-9a-f]*$whole_tick" "$TICKS" || status=stopped
	[ "$RESETS" = 0 ] || [ "$status" ] || reset_guest "$name" || status=stopped
	[ -z "$SAVE" ] || [ "$status" ] || save "$name" || status=stopped
	kill -0 "$qemu" 2>/dev/null || status=
	echo '{"execute":"quit"}' >&9
	left=50
	while kill -0 "$qemu" 2>/dev/null && [ $left -gt 0 ]; do
		sleep 0.1
		left=$((left - 1))
	done
	kill -9 "$qemu" 2>/dev/null && status=killed
	exec 9>&-
	wait "$qemu"
	echo "${status:-$?}" >"$name.status"
}
trap '' PIPE # a QEMU that has ended is not this script's end
