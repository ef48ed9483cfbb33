# SPDX-License-Identifier: MIT
# In an emulated host: stock QEMUs, one pinned by `steadyarm run`, one by steadyarm-qemu, one not at
# all, and those that are refused. pinned.sh MODEL OTHER: what each says goes to files in /out.
model=$1
other=$2
mkdir -p /tmp/bin/preload
cp "$(command -v steadyarm)" /tmp/bin/
cp /in/steadyarm-preload.so /tmp/bin/preload/
ln -s steadyarm /tmp/bin/steadyarm-qemu
PATH=/tmp/bin:$PATH
export PATH
virt() { # PROGRAM SERIAL MORE...
	program=$1
	serial=$2
	shift 2
	"$program" -accel kvm -machine virt,gic-version=3 -m 64 -nodefaults -display none -nic none \
		-serial "file:/out/$serial" -sandbox on -kernel /in/lab-guest "$@"
}
run() {
	exec steadyarm run --model "$model" --log /out/log -- qemu-system-aarch64 "$@"
}
ticks() { # a guest has shown its registers by then
	grep -qs '^tick 2 ' "/out/$1"
}

(virt run serial-run -cpu host -smp 2 2>/out/run.err) &
run=$!
(STEADYARM_MODEL=$model virt steadyarm-qemu serial-wrapper -cpu host -smp 8 \
	-name guest=web1,debug-threads=on 2>/out/wrapper.err) &
(virt qemu-system-aarch64 serial-plain -cpu host -smp 1 2>/out/plain.err) &
tries=0
while [ $tries -lt 300 ]; do
	steadyarm ps >/out/ps
	[ "$(grep -c 'read back' /out/ps)" = 2 ] && grep -q UNPINNED /out/ps &&
		ticks serial-run && ticks serial-wrapper && ticks serial-plain && break
	sleep 0.3
	tries=$((tries + 1))
done
steadyarm ps --json >/out/ps.json
kill "$run" 2>/dev/null
for pid in $(sed -n 's/^\([0-9]*\) .*/\1/p' /out/ps); do
	kill "$pid"
done
wait
steadyarm ps >/out/ps.after # a QEMU in its sandbox does not remove its record
ls /run/steadyarm >/out/records
steadyarm-qemu -version >/out/version
printf '%s\n' '{"execute":"qmp_capabilities"}' '{"execute":"query-target"}' '{"execute":"quit"}' |
	steadyarm-qemu -S -no-user-config -nodefaults -nographic -machine none,accel=kvm:tcg \
		-qmp stdio >/out/qmp 2>/out/qmp.err
(virt run serial-off -cpu host,pmu=off -smp 1 2>/out/off.err)
echo $? >/out/off.status
model=$other
(virt run serial-other -cpu host -smp 1 2>/out/other.err)
echo $? >/out/other.status
