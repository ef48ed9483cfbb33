# SPDX-License-Identifier: MIT
"""The project's facts against Linux's: every disagreement, in an order that does not change."""

from collections import namedtuple

from facts import alike

# kind, register and field say what it is about; linux and ours what each says of it.
Disagreement = namedtuple("Disagreement", "kind register field linux ours")

KINDS = (
    "register",      # there is none at this encoding, or it has another name
    "encoding",      # of a register outside the feature ID space
    "field", "name", "bits", "sign",
    "value",         # a value that only Linux has a name for
    "meaning",
    "source",        # a value that we have from Linux, which does not have it
    "kvm_rule", "kvm_sign", "kvm_safe",
    "order",         # the rule for all CPUs of a host against the architecture's order
    "order_sign",
    "capability", "firmware", "vcpu_feature",
)

# The bits of KVM_ARM_VCPU_INIT that a vCPU option stands for.
OPTION_FEATURES = {
    "pmu": ("PMU_V3",),
    "sve": ("SVE",),
    "ptrauth": ("PTRAUTH_ADDRESS", "PTRAUTH_GENERIC"),
    "mte": (),
    "el2": ("HAS_EL2",),
    "el2_e2h0": ("HAS_EL2", "HAS_EL2_E2H0"),
    "el1_32bit": ("EL1_32BIT",),
}


def _span(field):
    return "%d:%d" % (field.msb, field.lsb)


def _same_meaning(row, linux):
    """Where the meaning is in other words than Linux's, the row holds Linux's beside it."""
    return row.linux == linux if row.linux else alike(row.meaning, linux)


class Comparison:
    def __init__(self, facts, registers, entries, numbers):
        self.facts, self.registers, self.entries, self.numbers = facts, registers, entries, numbers
        self.meanings = {(f.register.name, f.name, v): row for f, v, row in facts.values}
        self.found = []
        self.compared = {"registers": 0, "fields": 0, "rules": 0, "values": 0, "numbers": 0}

    def add(self, kind, register, field, linux, ours):
        self.found.append(Disagreement(kind, register, field, linux, ours))

    def run(self):
        theirs = {}
        for register in self.registers.values():
            op0, op1, crn, crm, _ = register.encoding
            if op0 == 3 and op1 in (0, 1, 3) and crn == 0 and crm < 8:
                theirs[register.encoding] = register
        for register in self.facts.registers:
            ops = tuple(int(getattr(register.row, c)) for c in ("op0", "op1", "crn", "crm", "op2"))
            self.register(register, theirs.get(ops))
        self.gates()
        self.kvm()
        return self.found

    # Registers and fields

    def register(self, ours, linux):
        self.compared["registers"] += 1
        named = ours.row.kind == "architected"
        if linux is None:
            if named:
                self.add("register", ours.name, "", "none", ours.name)
        elif linux.name != ours.name:
            self.add("register", ours.name, "", linux.name, ours.name if named else ours.row.kind)
        if linux and linux.described and named:
            self.fields(ours, linux)
        if linux and linux.name in self.entries or ours.name in self.entries:
            self.rules(ours, self.entries[linux.name if linux else ours.name])

    def fields(self, ours, linux):
        """Fields are taken together by their lowest bit, and by their name where that fails."""
        own = {f.lsb: f for f in ours.fields if f.row}
        names = {f.name.lower(): f for f in own.values()}  # case is nothing to a look-up either
        met = set()
        for field in sorted(linux.fields, key=lambda f: -f.lsb):
            self.compared["fields"] += 1
            mine = names.get(field.name.lower()) or own.get(field.lsb)
            if mine is None:
                self.add("field", ours.name, field.name, _span(field), "none")
                continue
            met.add(mine)
            if mine.name.lower() != field.name.lower():
                self.add("name", ours.name, mine.name, field.name, mine.name)
            if _span(mine) != _span(field):
                self.add("bits", ours.name, mine.name, _span(field), _span(mine))
            self.sign(ours, mine, field)
            self.values(ours, mine, field)
        for mine in sorted(set(own.values()) - met, key=lambda f: -f.lsb):
            self.add("field", ours.name, mine.name, "none", _span(mine))
        self.sources(ours, linux)

    def sign(self, register, mine, field):
        sign = "signed" if mine.signed else "unsigned"
        if field.sign and field.sign != sign:
            self.add("sign", register.name, mine.name, field.sign, sign)

    def values(self, register, mine, field):
        for value, name in sorted(field.values.items()):
            self.compared["values"] += 1
            row = self.meanings.get((register.name, mine.name, value))
            if row is None:
                self.add("value", register.name, mine.name, "%d is %s" % (value, name), "none")
            elif not _same_meaning(row, name):
                self.add("meaning", register.name, mine.name, "%d is %s" % (value, name),
                         row.linux or row.meaning)

    def sources(self, ours, linux):
        """A value is not to be called Linux's if Linux does not have it."""
        theirs = {f.lsb: f for f in linux.fields}
        for mine, value, row in self.facts.values:
            if mine.register is ours and "linux-" in row.source:
                field = theirs.get(mine.lsb)
                if field is None or value not in field.values:
                    self.add("source", ours.name, mine.name, "%d is nothing" % value, row.meaning)

    # What Linux puts in the place of a value

    def rules(self, ours, entries):
        """A field's rule, sign and safe value, as KVM has them and as its order."""
        left = {b.lsb: b for b in entries}
        for mine in reversed(ours.fields):
            self.compared["rules"] += 1
            bits = left.pop(mine.lsb, None)
            if bits and bits.width != mine.width:
                self.add("bits", ours.name, mine.name, "%d:%d" % (bits.msb(), bits.lsb),
                         _span(mine))
            self.kvm_rule(ours, mine, bits)
            if bits and mine.row:
                self.order(ours, mine, bits)
        for bits in left.values():
            self.add("bits", ours.name, "", "%d:%d" % (bits.msb(), bits.lsb), "none")

    def kvm_rule(self, ours, mine, bits):
        rule = bits.kvm_rule if bits else "none"
        if rule != mine.kvm_rule:
            self.add("kvm_rule", ours.name, mine.name, rule, mine.kvm_rule)
            return
        sign = "signed" if mine.kvm_signed else "unsigned"
        if bits and bits.kvm_sign != sign:
            self.add("kvm_sign", ours.name, mine.name, bits.kvm_sign, sign)
        if rule == "exact" and bits.kvm_safe != mine.kvm_safe:
            self.add("kvm_safe", ours.name, mine.name, str(bits.kvm_safe), str(mine.kvm_safe))

    def order(self, ours, mine, bits):
        """Whether Linux's host-wide rule is the architecture's order."""
        sign = "signed" if mine.signed else "unsigned"
        if bits.sign != sign:
            self.add("order_sign", ours.name, mine.name, bits.sign, sign)
        linux, own = bits.rule, mine.order
        if own == "mask" and mine.width == 1:
            own = "lower"
        if own in ("identity", "topology"):
            own = "exact"
        if linux == own == "exact" and mine.order == "exact":
            linux, own = "exact %d" % bits.safe, "exact %d" % mine.fallback
        if linux != own:
            self.add("order", ours.name, mine.name, linux, mine.row.order
                     + (" %d" % mine.fallback if mine.order == "exact" else ""))

    # KVM's numbers

    def gates(self):
        for row in self.facts.tables["gates.tsv"]:
            self.compared["numbers"] += 1
            ops = tuple(int(getattr(row, c)) for c in ("op0", "op1", "crn", "crm", "op2"))
            linux = self.registers.get(row.name)
            if linux is None or linux.encoding != ops:
                self.add("encoding", row.name, "", " ".join(map(str, linux.encoding))
                         if linux else "none", " ".join(map(str, ops)))

    def kvm(self):
        theirs, own = self.numbers, self.facts
        short = {name.removeprefix("SMCCC_ARCH_"): number
                 for name, number in theirs.firmware.items()}
        arm = {name: number for name, number in theirs.capabilities.items()
               if name in own.capabilities or name.startswith("ARM_")}
        self.same("capability", arm, own.capabilities, "%d")
        self.same("firmware", short, {row.name: row.number for row in own.firmware}, "0x%x")
        features, bits = {}, 0
        for row in own.options:
            for name in OPTION_FEATURES[row.option]:
                features[name] = theirs.vcpu_features.get(name)
            want = sum(1 << theirs.vcpu_features[name] for name in OPTION_FEATURES[row.option])
            bits |= row.bits
            if want != row.bits:
                self.add("vcpu_feature", "", row.option, "0x%x" % want, "0x%x" % row.bits)
        self.same("vcpu_feature", theirs.vcpu_features, features, "%d")

    def same(self, kind, theirs, own, form):
        """Two tables of names and numbers."""
        for name in sorted(set(theirs) | set(own)):
            self.compared["numbers"] += 1
            linux = form % theirs[name] if name in theirs else "none"
            ours = form % own[name] if name in own else "none"
            if linux != ours:
                self.add(kind, "", name, linux, ours)
