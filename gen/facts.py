# SPDX-License-Identifier: MIT
"""The facts of data/, read and checked. Everything that C looks up comes out of here."""

import errno
import os
import re

import conditions
import groups
import orders
import rows
import rules
import versions

COLUMNS = {
    "sources.tsv": "source title",
    "registers.tsv": "name op0 op1 crn crm op2 kind aarch32 layout when source",
    "orders.tsv": "order how sign values legal meaning source",
    "fields.tsv": "register field msb lsb sign order fallback legal kvm_rule kvm_sign kvm_safe "
                  "option when source",
    "values.tsv": "register field value meaning linux features source",
    "features.tsv": "feature condition mirror min_version source",
    "left-out.tsv": "feature why source",
    "el2-only.tsv": "register field why source",
    "versions.tsv": "version condition source",
    "implications.tsv": "name if then severity lower closes reason source",
    "groups.tsv": "group fields states source",
    "gates.tsv": "name op0 op1 crn crm op2 register field from source",
    "state.tsv": "name op0 op1 crn crm op2 same_as source",
    "visible.tsv": "register field config source",
    "options.tsv": "option title features capabilities enable on_request not_with qemu source",
    "known.tsv": "op0 op1 crn crm op2 source",
    "firmware.tsv": "name id kind services opt_in source",
    "capabilities.tsv": "name number source",
    "behaviours.tsv": "behaviour meaning source",
    "vm-capabilities.tsv": "name number without_vm enabled_if source",
    "written.tsv": "name first last rule operand source",
    "loaded.tsv": "name id option source",
    "errnos.tsv": "call errno meaning says source",
}
KINDS = ("architected", "reserved", "unallocated")
RULES = ("none", "lower", "higher", "higher-or-zero", "exact")
CALLS = ("create-vm", "create-vcpu", "init", "finalize", "get", "set", "reg-list", "masks", "check",
         "enable-cap", "create-gic", "init-gic", "pmu-init", "run", "smccc-filter",
         "pmu-counters")
MEANINGS = ("failure", "absent", "refused", "option", "frozen", "room", "entered")
WITHOUT_VM = ("same", "einval", "einval-if-there")
WRITTEN = ("counts", "zero", "fixed", "set", "clear", "event", "pstate", "predicate",
           "kept", "timer", "limit")
FIRMWARE_KINDS = ("psci", "workaround", "bitmap")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*$")
FEATURE = re.compile(r"FEAT_[A-Za-z0-9_]{1,58}$")  # steady_feature_by_name has room for 63
VERSION = re.compile(r"v[89]\.[0-9]$")
ENUMERATOR = re.compile(r"[A-Za-z0-9_]+$")


def alike(meaning, linux):
    """Whether a meaning is Linux's enumerator, but for case, punctuation and FEAT_."""
    plain = ["".join(c for c in text.lower() if c.isalnum())
             for text in (meaning, linux.removeprefix("FEAT_"))]
    return plain[0] == plain[1]


class Register:
    def __init__(self, row, index):
        self.row, self.index = row, index
        self.name = row.name
        self.fields = []
        self.when = None

    def is_core(self):
        return 8 <= self.index < 64


class Field:
    """A row of fields.tsv, or (row None) the bits between two of them."""

    def __init__(self, register, name, msb, lsb):
        self.register, self.name, self.msb, self.lsb = register, name, msb, lsb
        self.width = msb - lsb + 1
        self.row = self.index = self.sort = self.chains = self.when = self.own_when = None
        self.signed = self.kvm_signed = False
        self.order = "lower"
        self.kvm_rule = "none"
        self.fallback = self.kvm_safe = 0
        self.option = ""
        self.legal = self.every()

    def every(self):
        """All values, as the set that C keeps; of no meaning to wide fields."""
        return (1 << (1 << self.width)) - 1 if self.width <= 4 else 0xFFFF

    def range(self):
        if self.signed:
            return -(1 << (self.width - 1)), (1 << (self.width - 1)) - 1
        return 0, (1 << self.width) - 1

    def read(self, value):
        return value - (1 << self.width) if self.signed and value >> (self.width - 1) else value


class Facts:
    def __init__(self, directory):
        self.faults = rows.Faults()
        self.tables = {name: rows.read(directory, name, columns.split(), self.faults)
                       for name, columns in COLUMNS.items()}
        self.check_sources()
        self.registers = self.read_registers(directory)
        self.capabilities = self.read_capabilities()
        self.options = self.read_options()
        self.loaded = self.read_loaded()
        self.firmware = self.read_firmware()
        self.behaviours = self.read_behaviours()
        self.errnos = self.read_errnos()
        self.orders = orders.read(self)
        self.fields = self.read_fields()
        if not self.faults:
            orders.check_used(self)
        if self.faults:
            return  # what follows needs every field in its place
        self.features, self.trees, self.mirrors = self.read_features()
        self.check_left_out()
        self.versions = versions.read(self, self.trees)
        self.read_whens()
        self.values = self.read_values()
        self.rules = [] if self.faults else rules.read(self)
        self.gates = self.read_gates()
        self.known = self.read_known()
        self.vm_capabilities = self.read_vm_capabilities()
        self.written = self.read_written()
        self.state = self.read_state()
        self.visible = self.read_visible()
        self.el2_only = self.read_el2_only()
        self.groups = groups.read(self)

    def unique(self, seen, key, row, what):
        """False, with a fault, if the key (a name: regardless of case) has been seen."""
        key = key.lower() if isinstance(key, str) else key
        if key in seen:
            self.faults.add(row.place, "%s is already in line %d" % (what, seen[key].place.line))
            return False
        seen[key] = row
        return True

    def check_sources(self):
        known = {}
        for row in self.tables["sources.tsv"]:
            self.unique(known, row.source, row, "source '%s'" % row.source)
        for name, table in self.tables.items():
            for row in table if name != "sources.tsv" else []:
                for source in row.source.split(","):
                    if source.split(" ")[0].lower() not in known:
                        self.faults.add(row.place, "no source '%s' in sources.tsv" % source)

    # Registers

    def read_registers(self, directory):
        registers = [None] * 192
        names, places = {}, {}
        for row in self.tables["registers.tsv"]:
            index = self.register_index(row)
            if index is None or not self.register_fits(row, index):
                continue
            if self.unique(places, index, row, "this encoding") and \
                    self.unique(names, row.name, row, "register '%s'" % row.name):
                registers[index] = Register(row, index)
        missing = registers.count(None)
        if missing and not self.faults:
            where = rows.Place(os.path.join(directory, "registers.tsv"), 1)
            self.faults.add(where, "%d of the 192 encodings are missing" % missing)
        return [r for r in registers if r]

    def register_index(self, row):
        ops = [rows.number(row, c, self.faults, 0, 7) for c in ("op0", "op1", "crn", "crm", "op2")]
        if None in ops:
            return None
        op0, op1, crn, crm, op2 = ops
        if op0 != 3 or op1 not in (0, 1, 3) or crn != 0:
            self.faults.add(row.place, "%s is outside the feature ID space" % row.name)
            return None
        return (2 if op1 == 3 else op1) << 6 | crm << 3 | op2

    def register_fits(self, row, index):
        kind = rows.choice(row, "kind", self.faults, KINDS)
        aarch32 = rows.choice(row, "aarch32", self.faults, ("yes", "no"))
        layout = rows.choice(row, "layout", self.faults, ("nibbles", "free", "-"))
        if None in (kind, aarch32, layout):
            return False
        nameless = "S%s_%s_C%s_C%s_%s" % (row.op0, row.op1, row.crn, row.crm, row.op2)
        if (kind == "architected") == (row.name == nameless) or not NAME.match(row.name) or \
                (kind != "architected" and row.name != nameless):
            self.faults.add(row.place, "name '%s' does not fit a register that is %s"
                            % (row.name, kind))
            return False
        if (layout == "-") != (kind != "architected"):
            self.faults.add(row.place, "layout '%s' does not fit a register that is %s"
                            % (layout, kind))
            return False
        if kind == "unallocated" and 8 <= index < 64:
            self.faults.add(row.place, "the core ID range has no unallocated registers")
            return False
        return True

    # Fields

    def read_fields(self):
        by_name = {r.name: r for r in self.registers}
        seen = {}
        self.field_by_name = {}
        for row in self.tables["fields.tsv"]:
            register = by_name.get(row.register)
            if register is None:
                self.faults.add(row.place, "no register '%s'" % row.register)
                continue
            name = row.register + "." + row.field
            if self.unique(seen, name, row, "field '%s'" % name):
                field = self.read_field(row, register)
                if field:
                    register.fields.append(field)
                    self.field_by_name[name] = field
        fields = []
        for register in self.registers:
            self.fill(register)
            fields += register.fields
        for index, field in enumerate(fields):
            field.index = index
        return fields

    def read_field(self, row, register):
        msb = rows.number(row, "msb", self.faults, 0, 63)
        lsb = rows.number(row, "lsb", self.faults, 0, 63)
        if msb is None or lsb is None:
            return None
        field = None
        if register.row.kind != "architected":
            self.faults.add(row.place, "%s has no name, so it has no fields" % register.name)
        elif not NAME.match(row.field):
            self.faults.add(row.place, "'%s' is no name for a field" % row.field)
        elif msb < lsb:
            self.faults.add(row.place, "msb %d is below lsb %d" % (msb, lsb))
        elif register.row.layout == "nibbles" and (lsb % 4 or msb != lsb + 3):
            self.faults.add(row.place, "bits %d to %d: %s is laid out in nibbles"
                            % (msb, lsb, register.name))
        else:
            field = Field(register, row.field, msb, lsb)
            field.row = row
            if not (self.read_order(field) and self.read_legal(field) and self.read_kvm(field)):
                field = None
        return field

    def read_order(self, field):
        row = field.row
        field.sort = self.orders.get(row.order)
        if field.sort is None:
            self.faults.add(row.place, "order: no order '%s' in orders.tsv" % row.order)
            return False
        fault = field.sort.misfit(row, field.width)
        if fault:
            self.faults.add(row.place, fault)
            return False
        field.order, field.chains = field.sort.how, field.sort.chains
        field.signed = field.sort.signed
        if row.fallback:
            field.fallback = rows.number(row, "fallback", self.faults, 0,
                                         min(255, (1 << field.width) - 1))
        return field.fallback is not None

    def read_legal(self, field):
        text = field.row.legal
        if text == "":
            return True
        legal = 0
        for part in text.split(","):
            ends = part.split("-")
            if len(ends) > 2 or not all(e.isdigit() for e in ends):
                self.faults.add(field.row.place, "legal: cannot read '%s'" % part)
                return False
            low, high = int(ends[0]), int(ends[-1])
            if low > high or high >= 1 << field.width or field.width > 4:
                self.faults.add(field.row.place, "legal: %s does not fit the field" % part)
                return False
            legal |= (2 << high) - (1 << low)
        field.legal = legal
        return True

    def read_kvm(self, field):
        row = field.row
        rule = rows.choice(row, "kvm_rule", self.faults, RULES)
        sign = rows.choice(row, "kvm_sign", self.faults, ("unsigned", "signed", ""))
        option = rows.choice(row, "option", self.faults, [""] + [o.option for o in self.options])
        if None in (rule, sign, option):
            return False
        if (rule == "none") != (sign == "") or (rule == "exact") != (row.kvm_safe != ""):
            self.faults.add(row.place, "kvm_sign goes with a rule, kvm_safe with rule exact")
            return False
        field.kvm_rule, field.kvm_signed, field.option = rule, sign == "signed", option
        if row.kvm_safe:
            field.kvm_safe = rows.number(row, "kvm_safe", self.faults, 0,
                                         min(255, (1 << field.width) - 1))
        return field.kvm_safe is not None

    def fill(self, register):
        """Sort a register's fields and give the bits between them rows, split at nibbles."""
        register.fields.sort(key=lambda f: f.lsb)
        whole, bit = [], 0
        for field in register.fields + [None]:
            until = field.lsb if field else 64
            if bit > until:
                self.faults.add(field.row.place, "%s overlaps %s" % (field.name, whole[-1].name))
                continue
            while bit < until:
                msb = min(bit | 3, until - 1)
                name = "[%d:%d]" % (msb, bit) if msb > bit else "[%d]" % bit
                whole.append(Field(register, name, msb, bit))
                bit = msb + 1
            if field:
                whole.append(field)
                bit = field.msb + 1
        register.fields = whole

    # Conditions

    def parse(self, row, text):
        try:
            return conditions.parse(text, self.field_by_name)
        except conditions.Fault as e:
            self.faults.add(row.place, str(e))
            return None

    def read_features(self):
        features, trees, mirrors, seen = [], {}, {}, {}
        for row in self.tables["features.tsv"]:
            if not FEATURE.match(row.feature):
                self.faults.add(row.place, "'%s' is no name for a feature" % row.feature)
            elif row.min_version and not VERSION.match(row.min_version):
                self.faults.add(row.place, "'%s' is no version" % row.min_version)
            elif self.unique(seen, row.feature, row, "feature '%s'" % row.feature):
                tree = self.parse(row, row.condition)
                if tree is not None:
                    features.append(row)
                    trees[row.feature] = tree
                    mirrors[row.feature] = self.parse(row, row.mirror) if row.mirror else None
        for row in features:
            for name in sorted(conditions.mentions(trees[row.feature])):
                if name not in trees:
                    self.faults.add(row.place, "no feature '%s'" % name)
            if mirrors[row.feature] and conditions.mentions(mirrors[row.feature]):
                self.faults.add(row.place, "mirror: fields only, no features")
        if not self.faults:
            self.find_cycles(features, trees)
        for row in features if not self.faults else []:
            self.check_depth(row, trees[row.feature], trees)
            self.check_depth(row, mirrors[row.feature], trees)
        return features, trees, mirrors

    def check_left_out(self):
        """Names that are no features here: each once, with a reason, and really not here."""
        seen = {name.lower(): row for name, row in
                ((row.feature, row) for row in self.features)}
        for row in self.tables["left-out.tsv"]:
            if not FEATURE.match(row.feature):
                self.faults.add(row.place, "'%s' is no name of a feature" % row.feature)
            elif row.why == "":
                self.faults.add(row.place, "no reason why %s is left out" % row.feature)
            else:
                self.unique(seen, row.feature, row, row.feature)

    def check_depth(self, row, tree, trees):
        if tree and conditions.depth(conditions.compiled(tree, trees, {})) > conditions.STACK:
            self.faults.add(row.place, "the condition nests deeper than %d" % conditions.STACK)

    def find_cycles(self, features, trees):
        done = set()

        def visit(name, path):
            if name in path:
                return path[path.index(name):] + [name]
            if name in done:
                return None
            for other in sorted(conditions.mentions(trees[name])):
                cycle = visit(other, path + [name])
                if cycle:
                    return cycle
            done.add(name)
            return None

        for row in features:
            cycle = visit(row.feature, [])
            if cycle:
                self.faults.add(row.place, "cycle: %s" % " -> ".join(cycle))
                return

    def read_whens(self):
        """Give each field the condition under which it counts: its register's and its own."""
        for register in self.registers:
            outer = register.when = self.read_when(register.row, register.fields)
            for field in register.fields:
                own = field.row and self.read_when(field.row, [field])
                both = [t for t in (outer, own) if t]
                field.own_when = own
                field.when = conditions.Node("&", both) if len(both) == 2 else (both + [None])[0]

    def read_when(self, row, fields):
        if row.when == "":
            return None
        tree = self.parse(row, row.when)
        if tree is None:
            return None
        if conditions.mentions(tree):
            self.faults.add(row.place, "when: fields only, no features")
        elif conditions.reads(tree) & set(fields):
            self.faults.add(row.place, "when: a condition on itself")
        else:
            self.check_depth(row, tree, {})
            return tree
        return None

    def mirror_when(self, name):
        """The condition under which a feature's mirror counts: that of every field it reads."""
        whens = {}
        for field in conditions.reads(self.mirrors[name]) if self.mirrors[name] else ():
            if field.when:
                whens[conditions.text(field.when)] = field.when
        trees = [whens[text] for text in sorted(whens)]
        return conditions.Node("&", trees) if len(trees) > 1 else (trees + [None])[0]

    # Values

    def read_values(self):
        values, seen = [], {}
        for row in self.tables["values.tsv"]:
            name = row.register + "." + row.field
            field = self.field_by_name.get(name)
            if field is None:
                self.faults.add(row.place, "no field '%s'" % name)
                continue
            value = rows.number(row, "value", self.faults, 0, min(255, (1 << field.width) - 1))
            if value is None or not self.unique(seen, (name, value), row,
                                                "value %s of %s" % (row.value, name)):
                continue
            if row.meaning == "":
                self.faults.add(row.place, "no meaning")
            elif not self.faults:
                self.check_tags(row, field, value)
            self.check_linux(row, seen)
            values.append((field, value, row))
        return sorted(values, key=lambda v: (v[0].index, v[1]))

    def check_linux(self, row, seen):
        """The enumerator is one, is another word than the meaning, and Linux's by the source."""
        if row.linux == "":
            return
        if not ENUMERATOR.match(row.linux):
            self.faults.add(row.place, "linux: '%s' is no enumerator" % row.linux)
        elif alike(row.meaning, row.linux):
            self.faults.add(row.place, "linux: '%s' is the meaning already" % row.linux)
        elif not any(s.startswith("linux-") for s in row.source.split(",")):
            self.faults.add(row.place, "linux: a name of Linux's, and no source of it")
        self.unique(seen, (row.register, row.field, "linux", row.linux), row,
                    "Linux's %s of this field" % row.linux)

    def check_tags(self, row, field, value):
        """A value's features have to be ones that read the field and that the value allows."""
        for name in filter(None, row.features.split(",")):
            if name not in self.trees:
                self.faults.add(row.place, "no feature '%s'" % name)
                continue
            trees = [t for t in (self.trees[name], self.mirrors[name])
                     if t and field in conditions.reads(t)]
            if not trees:
                self.faults.add(row.place, "%s does not depend on %s.%s"
                                % (name, row.register, row.field))
            elif conditions.evaluate(trees[0], self.trees, {field: value}) is False:
                self.faults.add(row.place, "value %s rules %s out" % (row.value, name))

    # Registers that a field gates

    def sysreg_id(self, row):
        """KVM_REG_ARM64_SYSREG, 64 bits (uapi asm/kvm.h); None, with a fault, of a bad encoding."""
        ops = [rows.number(row, column, self.faults, 0, most) for column, most in
               (("op0", 3), ("op1", 7), ("crn", 15), ("crm", 15), ("op2", 7))]
        if None in ops:
            return None
        return 0x6030000000130000 | ops[0] << 14 | ops[1] << 11 | ops[2] << 7 | ops[3] << 3 | ops[4]

    def field_of(self, row):
        field = self.field_by_name.get(row.register + "." + row.field)
        if field is None:
            self.faults.add(row.place, "no field '%s.%s'" % (row.register, row.field))
        return field

    def read_gates(self):
        gates, seen, names = [], {}, {}
        for row in self.tables["gates.tsv"]:
            kvm_id, field = self.sysreg_id(row), self.field_of(row)
            if field is None or kvm_id is None:
                continue
            start = rows.number(row, "from", self.faults, 1, (1 << field.width) - 1)
            if start is not None and self.unique(seen, kvm_id, row, "this encoding") and \
                    self.unique(names, row.name, row, "register '%s'" % row.name):
                gates.append((row.name, kvm_id, field.index, start))
        return sorted(gates, key=lambda g: g[1])

    # Registers that recorded kernels list

    def read_known(self):
        seen = {self.sysreg_id(row): row for name in ("gates.tsv", "registers.tsv")
                for row in self.tables[name]}
        known = []
        for row in self.tables["known.tsv"]:
            kvm_id = self.sysreg_id(row)
            if kvm_id is not None and self.unique(seen, kvm_id, row, "this encoding"):
                known.append(kvm_id)
        return sorted(known)

    # Registers that no field hides

    def read_state(self):
        state, seen, names = [], {}, {}
        for row in self.tables["state.tsv"]:
            kvm_id = self.sysreg_id(row)
            same = rows.number(row, "same_as", self.faults, 0, (1 << 64) - 1) if row.same_as else None
            if kvm_id is not None and self.unique(seen, kvm_id, row, "this encoding") and \
                    self.unique(names, row.name, row, "register '%s'" % row.name):
                state.append((row.name, kvm_id, same))
        return sorted(state, key=lambda s: s[1])

    # What Linux shows at EL0

    def read_visible(self):
        seen, visible = {}, []
        for row in self.tables["visible.tsv"]:
            field = self.field_of(row)
            if field is not None and self.unique(seen, field.index, row, "this field"):
                visible.append(field.index)
        return sorted(visible)

    # What only EL2 can use

    def read_el2_only(self):
        seen = {}
        for row in self.tables["el2-only.tsv"]:
            field = self.field_of(row)
            if row.why == "":
                self.faults.add(row.place, "no reason why only EL2 can use %s.%s"
                                % (row.register, row.field))
            elif field is not None:
                self.unique(seen, field.index, row, "this field")
        return set(seen)

    # KVM

    def read_capabilities(self):
        seen, numbers, capabilities = {}, {}, {}
        for row in self.tables["capabilities.tsv"]:
            value = rows.number(row, "number", self.faults, 1, 0xFFFFFFFF)
            if not NAME.match(row.name):
                self.faults.add(row.place, "'%s' is no name for a capability" % row.name)
            elif value is not None and self.unique(seen, row.name, row, "'%s'" % row.name) and \
                    self.unique(numbers, value, row, "number %d" % value):
                capabilities[row.name] = value
        return capabilities

    def read_vm_capabilities(self):
        seen, numbers, found = {}, {}, []
        for row in self.tables["vm-capabilities.tsv"]:
            number = rows.number(row, "number", self.faults, 1, 0xFFFFFFFF)
            enabled = rows.number(row, "enabled_if", self.faults, 0, 0xFFFFFFFF)
            if row.name in self.capabilities and self.capabilities[row.name] != number:
                self.faults.add(row.place, "capabilities.tsv has another number of '%s'" % row.name)
            elif rows.choice(row, "without_vm", self.faults, WITHOUT_VM) and \
                    None not in (number, enabled) and \
                    self.unique(seen, row.name, row, "'%s'" % row.name) and \
                    self.unique(numbers, number, row, "number %d" % number):
                found.append((number, WITHOUT_VM.index(row.without_vm), enabled))
        return found

    # What becomes of writes

    def read_written(self):
        seen, written = {}, []
        for row in self.tables["written.tsv"]:
            first, last, operand = (rows.number(row, name, self.faults, 0, (1 << 64) - 1)
                                    for name in ("first", "last", "operand"))
            if None in (first, last, operand) or \
                    not rows.choice(row, "rule", self.faults, WRITTEN) or \
                    not self.unique(seen, row.name, row, "register '%s'" % row.name):
                continue
            if last < first or any(a <= last and first <= b for a, b, *_ in written):
                self.faults.add(row.place, "the ids %#x to %#x are none, or have a row" % (first, last))
            else:
                written.append((first, last, row.rule, operand))
        return sorted(written)

    def read_loaded(self):
        seen, ids, loaded = {}, {}, []
        options = [row.option for row in self.options]
        for row in self.tables["loaded.tsv"]:
            number = rows.number(row, "id", self.faults, 0, (1 << 64) - 1)
            if number is not None and self.unique(seen, row.name, row, "register '%s'" % row.name) \
                    and self.unique(ids, number, row, "id %#x" % number) \
                    and (not row.option or rows.choice(row, "option", self.faults, options)):
                loaded.append((number, row.option))
        return sorted(loaded)

    def read_options(self):
        seen, options = {}, []
        for row in self.tables["options.tsv"]:
            if not NAME.match(row.option):
                self.faults.add(row.place, "'%s' is no name for an option" % row.option)
            elif rows.choice(row, "on_request", self.faults, ("yes", "no")) and \
                    self.unique(seen, row.option, row, "option '%s'" % row.option):
                row.bits = self.option_bits(row)
                row.needs = self.option_needs(row, row.capabilities.split(","))
                row.enables = self.option_needs(row, [row.enable])
                options.append(row)
        for row in options:
            row.excludes = self.option_excludes(row, [other.option for other in options])
        return options

    def option_excludes(self, row, names):
        bits = 0
        for name in filter(None, row.not_with.split(",")):
            if name not in names or name == row.option:
                self.faults.add(row.place, "not_with: '%s' is no other option" % name)
            else:
                bits |= 1 << names.index(name)
        return bits

    def option_bits(self, row):
        bits = 0
        for text in filter(None, row.features.split(",")):
            if not text.isdigit() or int(text) > 31:
                self.faults.add(row.place, "features: '%s' is no bit of a 32-bit word" % text)
            else:
                bits |= 1 << int(text)
        return bits

    def option_needs(self, row, names):
        numbers = []
        for name in filter(None, names):
            if name not in self.capabilities:
                self.faults.add(row.place, "no capability '%s'" % name)
            else:
                numbers.append(self.capabilities[name])
        if len(numbers) > 2:
            self.faults.add(row.place, "more than two capabilities")
        return numbers

    def read_firmware(self):
        names, ids, firmware = {}, {}, []
        for row in self.tables["firmware.tsv"]:
            row.number = rows.number(row, "id", self.faults, 0x6030000000140000, 0x603000000016FFFF)
            row.bits = rows.number(row, "opt_in", self.faults, 0, (1 << 64) - 1)
            row.known = rows.number(row, "services", self.faults, 0, (1 << 64) - 1)
            kind = rows.choice(row, "kind", self.faults, FIRMWARE_KINDS)
            if not NAME.match(row.name):
                self.faults.add(row.place, "'%s' is no name for a register" % row.name)
            elif None in (row.number, row.bits, row.known, kind):
                continue
            elif bool(row.known) != (kind == "bitmap") or row.bits & ~row.known:
                self.faults.add(row.place, "a bitmap has services, those of opt_in among them, and "
                                "nothing else has any")
            elif \
                    self.unique(names, row.name, row, "'%s'" % row.name) and \
                    self.unique(ids, row.number, row, "id %s" % row.id):
                firmware.append(row)
        return firmware

    def read_behaviours(self):
        seen, behaviours = {}, []
        for row in self.tables["behaviours.tsv"]:
            if not NAME.match(row.behaviour):
                self.faults.add(row.place, "'%s' is no name for a behaviour" % row.behaviour)
            elif row.meaning == "":
                self.faults.add(row.place, "no meaning")
            elif self.unique(seen, row.behaviour, row, "'%s'" % row.behaviour):
                behaviours.append(row.behaviour)
        return behaviours

    def read_errnos(self):
        seen, errnos = {}, []
        table = self.tables["errnos.tsv"]
        for row in table:
            call = rows.choice(row, "call", self.faults, CALLS)
            meaning = rows.choice(row, "meaning", self.faults, MEANINGS)
            if row.errno not in errno.errorcode.values():
                self.faults.add(row.place, "'%s' is no errno" % row.errno)
            elif row.says == "":
                self.faults.add(row.place, "the row says nothing")
            elif None not in (call, meaning) and \
                    self.unique(seen, (row.call, row.errno), row,
                                "%s of %s" % (row.errno, row.call)):
                errnos.append(row)
        for call in CALLS if table and not self.faults else []:
            if not any(row.call == call for row in errnos):
                self.faults.add(table[-1].place, "no row for call %s" % call)
        return errnos
