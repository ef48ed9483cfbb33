#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Short logs whose results real kernels gave (Debian's, in the lab): the simulated host gives the same.

Each holds one rule that millions of random calls had to find.
"""

from support import DONE, Case, main, profile

# kvm_vcpu_set_target() of 6.1: bits before an unknown one stay, until kvm_reset_vcpu() fails. 6.1.176.
FEATURES = """\
create-vm 0 = 0
create-vcpu 0 = 0
init 0 10c = ENOENT
pmu-init 0 = 0
init 0 40 = EINVAL
pmu-init 0 = ENODEV
init 0 4 = 0
pmu-init 0 = ENODEV
"""

# CNTV_CVAL_EL0 after KVM_ARM_VCPU_INIT again. 6.12.117 and 6.17.13 keep it, 6.18.15 and 7.3.4 do not.
TIMER = """\
create-vm 0 = 0
create-vcpu 0 = 0
init 0 4 = 0
set 0 603000000013df02 24a = 0
get 0 603000000013df02 = 0 24a
init 0 4 = 0
get 0 603000000013df02 = 0 {}
"""

# PMMIR_EL1, of any vCPU, once one has run. 7.3.4.
PMMIR = """\
create-vm 0 = 0
create-vcpu 0 = 0
create-vcpu 1 = 0
init 0 c = 0
init 1 c = 0
create-gic 7 = 0
init-gic = 0
pmu-init 0 = 0
pmu-init 1 = 0
get 1 603000000013c4f6 = 0 0
set 1 603000000013c4f6 0 = 0
set 1 603000000013c4f6 1f = EINVAL
run 0 = EINTR
set 1 603000000013c4f6 1f = EBUSY
set 1 603000000013c4f6 28b = EINVAL
set 1 603000000013c4f6 0 = 0
"""


class Replayed(Case):
    """One rule each."""

    def replay(self, host, text):
        self.expect(DONE, "replay", "-", profile(host), stdin=text)

    def test_features_that_stay(self):
        self.replay("neoverse-n1-6.1", FEATURES)

    def test_timers_reset(self):
        for kernel, shown in (("6.12", "24a"), ("6.17", "24a"), ("6.18", "0"), ("7.3", "0")):
            with self.subTest(kernel):
                self.replay(f"max-{kernel}", TIMER.format(shown))

    def test_frozen_pmmir(self):
        self.replay("max-7.3", PMMIR)


if __name__ == "__main__":
    main()
