# SPDX-License-Identifier: MIT
"""The numbers of KVM's interface: include/uapi/linux/kvm.h and arm64's asm/kvm.h."""

import re

from linux.text import NotUnderstood, code

DEFINE = re.compile(r"^[ \t]*#define[ \t]+(\w+)[ \t]+(.*)$", re.M)
FIRMWARE = re.compile(r"KVM_REG_ARM_FW(_FEAT_BMAP)?_REG\((\d+)\)$")
COPROCESSOR = re.compile(r"\(0x([0-9a-fA-F]+) << KVM_REG_ARM_COPROC_SHIFT\)$")


class Numbers:
    def __init__(self, generic, arm64):
        arm64 = code(arm64).replace("\\\n", " ")
        both = dict(DEFINE.findall(code(generic).replace("\\\n", " ")))
        own = dict(DEFINE.findall(arm64))
        self.capabilities = self._plain(both, "KVM_CAP_")
        self.vcpu_features = self._vcpu_features(arm64)
        self.firmware = self._firmware(both, own)

    @staticmethod
    def _plain(defines, prefix):
        """Those with a number behind the prefix, without it."""
        return {name[len(prefix):]: int(text.strip(), 0) for name, text in defines.items()
                if name.startswith(prefix) and re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)", text.strip())}

    def _vcpu_features(self, arm64):
        """Bits of struct kvm_vcpu_init, which stand before it; device attributes come after it."""
        before, found, _ = arm64.partition("struct kvm_vcpu_init")
        if not found:
            raise NotUnderstood("no struct kvm_vcpu_init in asm/kvm.h")
        return self._plain(dict(DEFINE.findall(before)), "KVM_ARM_VCPU_")

    @staticmethod
    def _firmware(both, own):
        """The ids of the firmware registers by name."""
        def base(name):
            found = COPROCESSOR.match(own.get(name, "").strip())
            if not found:
                raise NotUnderstood("no %s in asm/kvm.h" % name)
            shift = int(own["KVM_REG_ARM_COPROC_SHIFT"], 0)
            words = [both[n].strip().rstrip("UL") for n in ("KVM_REG_ARM64", "KVM_REG_SIZE_U64")]
            return int(found[1], 16) << shift | int(words[0], 0) | int(words[1], 0)

        firmware = {}
        for name, text in own.items():
            found = FIRMWARE.match(text.strip())
            if found and name.startswith("KVM_REG_ARM_"):
                place = base("KVM_REG_ARM_FW_FEAT_BMAP" if found[1] else "KVM_REG_ARM_FW")
                firmware[name[len("KVM_REG_ARM_"):]] = place | int(found[2])
        return firmware
