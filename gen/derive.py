# SPDX-License-Identifier: MIT
"""Derives the named models from the tables of data/ that COLUMNS names."""

import sys

import facts
import rows

COLUMNS = {
    "models.tsv": "name version kind base title options vector_lengths about source",
    "levels.tsv": "level name value features source",
    "cores.tsv": "core name value assumed note source",
    "kvm-filter.tsv": "name rule value from why source",
    "models-common.tsv": "scope key value why source",
}
RULES = ("hide", "cap", "set", "pmu", "perfmon")
PFR0, PMUVER = "ID_AA64PFR0_EL1.EL0", "ID_AA64DFR0_EL1.PMUVer"


class Model:
    """One model: its canonical lines, and what its comments say."""

    def __init__(self, row):
        self.row = row
        self.name = "%s-v%s" % (row.name, row.version)
        self.title, self.about = row.title, row.about
        self.options = [o for o in row.options.split(",") if o]
        self.values = {}  # register: value
        self.sources, self.assumed, self.filtered, self.tolerated = [], [], [], []
        self.lines = []


class Deriver:
    def __init__(self, directory):
        self.known = facts.Facts(directory)
        self.faults = self.known.faults
        self.tables = {name: rows.read(directory, name, columns.split(), self.faults)
                       for name, columns in COLUMNS.items()}
        if self.faults:
            return
        self.fields = self.known.field_by_name
        self.core = {r.name: r for r in self.known.registers if r.is_core()}
        self.option_names = [o.option for o in self.known.options]
        self.rows = {row.name: row for row in self.tables["models.tsv"]}
        self.filters = {row.name for row in self.tables["kvm-filter.tsv"]}
        self.models = {}
        for row in self.tables["models.tsv"]:
            model = Model(row)
            if rows.choice(row, "kind", self.faults, ("level", "core")):
                self.models[model.name] = model
                self.derive(model)

    # Reading

    def lineage(self, row):
        """The model's row behind those of its bases, each once."""
        out = []
        for name in filter(None, row.base.split(",")):
            if name not in self.rows or self.rows[name].place.line >= row.place.line:
                self.faults.add(row.place, "base '%s' does not stand before it" % name)
                continue
            out += [r for r in self.lineage(self.rows[name]) if r not in out]
        return out + [row]

    def number(self, row):
        """The row's place (a register, or a field of one) and value, or None with a fault."""
        field, register = self.fields.get(row.name), self.core.get(row.name)
        width = field.width if field else 64
        if not register and not (field and field.register.is_core()):
            self.faults.add(row.place, "'%s' is no core ID register, and no field of one"
                            % row.name)
            return None
        value = rows.number(row, "value", self.faults, 0, (1 << width) - 1)
        return None if value is None else (field, row.name, value)

    def put(self, model, field, value):
        name = field.register.name
        mask = ((1 << field.width) - 1) << field.lsb
        model.values[name] = (model.values.get(name, 0) & ~mask) | (value << field.lsb)

    def get(self, model, name):
        field = self.fields[name]
        return (model.values.get(field.register.name, 0) >> field.lsb) & ((1 << field.width) - 1)

    # Levels

    def take_level(self, model, name):
        for row in self.tables["levels.tsv"]:
            if row.level != name:
                continue
            found = self.number(row)
            if found and found[0]:
                self.put(model, found[0], found[2])
                features = " " + row.features.replace(",", ", ") if row.features else ""
                model.sources.append("%s %s%s: %s" % (row.name, row.value, features, row.source))

    # Cores

    def take_core(self, model, names):
        """A core's own rows count before its base's, fields before registers."""
        taken = []
        for wants_field in (False, True):
            for name in names:
                for row in self.tables["cores.tsv"]:
                    found = self.number(row) if row.core == name else None
                    if found and (found[0] is not None) == wants_field:
                        taken.append((row, found))
        for row, (field, name, value) in taken:
            if field:
                self.put(model, field, value)
            else:
                model.values[name] = value
        self.tell_sources(model, [row for row, _ in taken])

    def tell_sources(self, model, taken):
        """Registers of one source, and of one note, in one line."""
        last = {row.name: row for row in taken}
        groups = {}
        for row in last.values():
            groups.setdefault((row.assumed, row.note, row.source), []).append(row.name)
        for (assumed, note, source), names in groups.items():
            text = "%s: %s" % (", ".join(names), source)
            (model.assumed if assumed == "yes" else model.sources).append(
                "%s (%s)" % (text, note) if note else text)

    def without_options(self, model):
        """A field that needs an option which the model has not is 0."""
        for field in self.known.fields:
            if field.option and field.option not in model.options and field.register.is_core():
                self.put(model, field, 0)

    def hide_unknown(self, model):
        """What Linux has no entry for, KVM shows as 0."""
        for field in self.known.fields:
            name = "%s.%s" % (field.register.name, field.name)
            if not field.register.is_core() or field.kvm_rule != "none" or name in self.filters:
                continue
            old = (model.values.get(field.register.name, 0) >> field.lsb) & ((1 << field.width) - 1)
            if old:
                self.put(model, field, 0)
                model.filtered.append("%s 0, not %d (Linux has no entry for it): kvm-7.3"
                                      % (name, old))

    def filter(self, model):
        self.hide_unknown(model)
        aarch32 = self.get(model, PFR0) >= 2
        for row in self.tables["kvm-filter.tsv"]:
            field = self.fields.get(row.name)
            if field is None or not rows.choice(row, "rule", self.faults, RULES):
                self.faults.add(row.place, "'%s' is no field" % row.name)
                continue
            if field.register.row.aarch32 == "yes" and not aarch32 and row.rule != "perfmon":
                continue
            old = self.get(model, row.name)
            new = self.filtered(model, row, old)
            if new != old:
                self.put(model, field, new)
                model.filtered.append("%s %d, not %d%s: %s" % (
                    row.name, new, old, " (%s)" % row.why if row.why else "", row.source))

    def filtered(self, model, row, old):
        limit = rows.number(row, "value", self.faults, 0, 15) if row.value else 0
        if row.rule == "cap":
            return min(old, limit)
        if row.rule == "set":
            return limit
        if row.rule == "pmu":
            return 0 if old == 15 else min(old, limit)
        if row.rule == "perfmon":  # FEAT_PMUv3 is 1 there and 3 here, later ones are alike
            version = self.get(model, PMUVER)
            return 3 if version == 1 else version
        return 0

    # Both

    def derive(self, model):
        lineage = [row.name for row in self.lineage(model.row)]
        if model.row.kind == "level":
            for name in lineage:
                self.take_level(model, name)
        else:
            self.take_core(model, lineage)
            self.without_options(model)
            self.filter(model)
        model.lines = sorted(self.lines(model))

    def lines(self, model):
        out = ["format steadyarm-model", "version 1", "name " + model.name]
        out += ["vcpu_features.%s on" % o for o in self.option_names if o in model.options]
        for unknown in set(model.options) - set(self.option_names):
            self.faults.add(model.row.place, "no option '%s'" % unknown)
        out += ["%s 0x%016x" % (name, model.values.get(name, 0)) for name in self.core]
        out += ["sve.vector_length " + n for n in model.row.vector_lengths.split(",") if n]
        for row in self.tables["models-common.tsv"]:
            if row.scope in ("all", model.row.kind):
                out.append("%s %s" % (row.key, row.value))
                if row.key == "tolerated_more":  # which marks some of those that are tolerated
                    out.append("tolerated " + row.value)
                if row.key == "tolerated":
                    model.tolerated.append("%s: %s" % (row.value, row.why))
                if row.key == "tolerated_more":
                    model.tolerated.append("%s, where a host has more: %s" % (row.value, row.why))
        return out


def all_models(directory):
    """Every model by its full name, or None after telling what is wrong."""
    deriver = Deriver(directory)
    for fault in deriver.faults.found:
        print(fault, file=sys.stderr)
    return None if deriver.faults else deriver.models
