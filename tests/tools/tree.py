# SPDX-License-Identifier: MIT
"""A kernel tree that says what our facts say, in the shape of Linux's files: what tools/crosscheck
finds in it is known, and so is what it has to find when one word is changed."""

SHAPE = {
    "SYSREG": "arch/arm64/tools/sysreg",
    "SYSREG_H": "arch/arm64/include/asm/sysreg.h",
    "CPUFEATURE": "arch/arm64/kernel/cpufeature.c",
    "KVM_SYS_REGS": "arch/arm64/kvm/sys_regs.c",
    "KVM_H": "include/uapi/linux/kvm.h",
    "ARM64_KVM_H": "arch/arm64/include/uapi/asm/kvm.h",
}
RULES = {"lower": "FTR_LOWER_SAFE", "higher": "FTR_HIGHER_SAFE", "exact": "FTR_EXACT",
         "higher-or-zero": "FTR_HIGHER_OR_ZERO_SAFE"}
OVERRIDES = """\
static s64 kvm_arm64_ftr_safe_value(u32 id, const struct arm64_ftr_bits *ftrp, s64 new, s64 cur)
{
	switch (id) {
	case SYS_ID_AA64DFR0_EL1:
		switch (kvm_ftr.shift) {
		case ID_AA64DFR0_EL1_PMUVer_SHIFT:
			kvm_ftr.type = FTR_LOWER_SAFE;
			break;
		}
		break;
	case SYS_ID_DFR0_EL1:
		if (kvm_ftr.shift == ID_DFR0_EL1_PerfMon_SHIFT)
			kvm_ftr.type = FTR_LOWER_SAFE;
		break;
	}
}
"""
OVERRIDDEN = ("ID_AA64DFR0_EL1.PMUVer", "ID_DFR0_EL1.PerfMon")
FIRMWARE = """\
#define KVM_REG_ARM_COPROC_SHIFT	16
#define KVM_REG_ARM_FW			(0x0014 << KVM_REG_ARM_COPROC_SHIFT)
#define KVM_REG_ARM_FW_REG(r)		(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | \\
					 KVM_REG_ARM_FW | ((r) & 0xffff))
#define KVM_REG_ARM_FW_FEAT_BMAP	(0x0016 << KVM_REG_ARM_COPROC_SHIFT)
"""
GENERIC = """\
#define KVM_REG_ARM64		0x6000000000000000ULL
#define KVM_REG_SIZE_U64	0x0030000000000000ULL
"""
FEATURES = """\
#define KVM_ARM_VCPU_EL1_32BIT		1 /* CPU running a 32bit VM */
#define KVM_ARM_VCPU_PMU_V3		3
#define KVM_ARM_VCPU_SVE		4
#define KVM_ARM_VCPU_PTRAUTH_ADDRESS	5
#define KVM_ARM_VCPU_PTRAUTH_GENERIC	6
#define KVM_ARM_VCPU_HAS_EL2		7
#define KVM_ARM_VCPU_HAS_EL2_E2H0	8
struct kvm_vcpu_init { };
#define KVM_ARM_VCPU_PMU_V3_CTRL	0
"""


def encoding(row):
    return [row.op0, row.op1, row.crn, row.crm, row.op2]


def sysreg(facts):
    lines = ["# registers"]
    for register in facts.registers:
        if register.row.kind != "architected" or register.name == "MIDR_EL1":
            continue  # MIDR_EL1 is in the header alone
        lines.append("\t".join(["Sysreg", register.name] + encoding(register.row)))
        for field in reversed(register.fields):
            values = [(v, row.linux or row.meaning) for f, v, row in facts.values if f is field]
            span = "%d:%d" % (field.msb, field.lsb)
            if not field.row:
                lines.append("Res0\t" + span)
            elif not values:
                lines.append("Field\t%s\t%s" % (span, field.name))
            else:
                kind = "SignedEnum" if field.signed else "UnsignedEnum"
                lines.append("%s\t%s\t%s" % (kind, span, field.name))
                lines += ["\t0b%s\t%s" % (bin(v)[2:], name.replace(" ", "_"))
                          for v, name in values]
                lines.append("EndEnum")
        lines += ["EndSysreg", ""]
    return "\n".join(lines)


def entry(field):
    host = "exact" if "%s.%s" % (field.register.name, field.name) in OVERRIDDEN else field.kvm_rule
    where = "%s_%s" % (field.register.name, field.name)
    shift = where + "_SHIFT" if field.row else field.lsb
    words = "FTR_HIDDEN, FTR_STRICT,\n\t\t%s, %s, %d, %d" % (RULES[host], shift, field.width,
                                                            field.kvm_safe)
    return "\t%sARM64_FTR_BITS(%s)," % ("S_" if field.kvm_signed else "", words)


def cpufeature(facts):
    tables, listed = [], []
    for register in facts.registers:
        fields = [f for f in register.fields if f.kvm_rule != "none"]
        if not fields:
            continue
        table = "ftr_" + register.name.lower()
        tables.append("static const struct arm64_ftr_bits %s[] = {" % table)
        tables += [entry(field) for field in fields]
        tables += ["\tARM64_FTR_END, /* the end */", "};", ""]
        if register.name == "CTR_EL0":
            tables += ["struct arm64_ftr_reg reg_ctr = {", '\t.name = "CTR",',
                       "\t.ftr_bits = %s," % table, "};"]
            listed.append("\t{ SYS_CTR_EL0, &reg_ctr },")
        else:
            listed.append("\tARM64_FTR_REG(SYS_%s, %s)," % (register.name, table))
    listed = ["static const struct e {", "} arm64_ftr_regs[] = {"] + listed + ["};"]
    return "\n".join(tables + listed)


def arm64_header(facts):
    lines = [FEATURES, FIRMWARE]
    for row in facts.firmware:
        name = ("SMCCC_ARCH_" if row.kind == "workaround" else "") + row.name
        kind = "_FEAT_BMAP" if row.kind == "bitmap" else ""
        lines.append("#define KVM_REG_ARM_%s KVM_REG_ARM_FW%s_REG(%d)"
                     % (name, kind, row.number & 0xffff))
    return "\n".join(lines)


def files(facts):
    """The text of every file."""
    generic = [GENERIC] + ["#define KVM_CAP_%s %d" % pair for pair in facts.capabilities.items()]
    header = ["#define SYS_MIDR_EL1 sys_reg(3, 0, 0, 0, 0)"]
    header += ["#define SYS_%s sys_reg(%s)" % (row.name, ", ".join(encoding(row)))
               for row in facts.tables["gates.tsv"]]
    return {"SYSREG": sysreg(facts), "SYSREG_H": "\n".join(header),
            "CPUFEATURE": cpufeature(facts), "KVM_SYS_REGS": OVERRIDES,
            "KVM_H": "\n".join(generic), "ARM64_KVM_H": arm64_header(facts)}


def write(texts, folder):
    for name, text in texts.items():
        path = folder / SHAPE[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
