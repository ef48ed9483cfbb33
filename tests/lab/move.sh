# SPDX-License-Identifier: MIT
# In an emulated host: a stock QEMU with the guest of guest.S, under `steadyarm run` if a model is
# given. move.sh start|go-on MODEL|- : start runs it for a while and saves it to /out/state; go-on
# takes /in/state and runs on. QEMU's status in /out/status, what it said in /out/err.
what=$1
model=$2
set -- qemu-system-aarch64 -accel kvm -cpu host -M virt-10.0 -smp 2 -m 64 -nodefaults \
	-display none -nic none -serial file:/out/serial -monitor stdio -sandbox on
if [ "$what" = start ]; then
	set -- "$@" -kernel /in/lab-guest
else
	set -- "$@" -incoming 'exec:cat /in/state'
fi
[ "$model" = - ] || set -- steadyarm run --model "$model" --log /out/log \
	--library /in/steadyarm-preload.so -- "$@"

trap '' PIPE # a QEMU that has ended is not this script's end
lines() {
	[ -f /out/serial ] && wc -l </out/serial || echo 0
}
mkfifo /tmp/monitor
"$@" </tmp/monitor >/out/monitor 2>/out/err &
qemu=$!
exec 9>/tmp/monitor
tries=0
while [ "$(lines)" -lt 5 ] && kill -0 $qemu 2>/dev/null && [ $tries -lt 150 ]; do
	sleep 0.2
	tries=$((tries + 1))
done
if [ "$what" = start ] && kill -0 $qemu 2>/dev/null; then
	echo 'migrate "exec:cat >/out/state"' >&9
	tries=0
	until grep -q 'status: completed' /out/monitor || [ $tries -ge 60 ]; do
		sleep 0.5
		echo 'info migrate' >&9
		tries=$((tries + 1))
	done
fi
echo quit >&9
wait $qemu
echo $? >/out/status
