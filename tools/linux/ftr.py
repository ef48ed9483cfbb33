# SPDX-License-Identifier: MIT
"""arch/arm64/kernel/cpufeature.c: what Linux puts in the place of a field's value (struct
arm64_ftr_bits), and what KVM changes of it in arch/arm64/kvm/sys_regs.c."""

import re

from linux.text import NotUnderstood, arguments, body, code

TABLE = re.compile(r"\bstruct\s+arm64_ftr_bits\s+(\w+)\[\]\s*=")
ENTRY = re.compile(r"(__|S_|)ARM64_FTR_BITS\s*(?=\()|ARM64_FTR_END|(?=\{)")
REGISTER = re.compile(r"\bARM64_FTR_REG(?:_OVERRIDE)?\s*(?=\()|(?=\{\s*SYS_)")
STATIC = re.compile(r"\bstruct\s+arm64_ftr_reg\s+(\w+)\s*=\s*\{[^}]*\.ftr_bits\s*=\s*&?(\w+)", re.S)
RULES = {
    "FTR_LOWER_SAFE": "lower",
    "FTR_HIGHER_SAFE": "higher",
    "FTR_HIGHER_OR_ZERO_SAFE": "higher-or-zero",
    "FTR_EXACT": "exact",
}
SIGNS = {"FTR_SIGNED": "signed", "true": "signed", "FTR_UNSIGNED": "unsigned", "false": "unsigned"}
OVERRIDE = re.compile(r"\bcase\s+SYS_(\w+)\s*:|(?:\bcase|shift\s*==)\s+(\w+_SHIFT)\b"
                      r"|\b(type|sign|safe_val)\s*=\s*(\w+)")


class Bits:
    """One entry of a table."""

    def __init__(self, sign, rule, lsb, width, safe):
        self.sign, self.rule, self.lsb, self.width, self.safe = sign, rule, lsb, width, safe
        self.kvm_sign, self.kvm_rule, self.kvm_safe = sign, rule, safe

    def msb(self):
        return self.lsb + self.width - 1


def _look_up(words, text):
    if text not in words:
        raise NotUnderstood("no meaning of '%s'" % text)
    return words[text]


def _literal(text, names):
    """The entry `{ .sign = FTR_SIGNED, .shift = 4, … }`; None for the end of a table."""
    given = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        found = re.fullmatch(r"\.(\w+)\s*=\s*(.*)", part)
        if not found:
            raise NotUnderstood("no designated initialiser: %s" % part)
        given[found[1]] = found[2]
    width = names.value(given.get("width", "0"))
    if width == 0:
        return None
    return Bits(_look_up(SIGNS, given.get("sign", "false")), _look_up(RULES, given["type"]),
                names.value(given["shift"]), width, names.value(given.get("safe_val", "0")))


def _entry(text, found, names):
    """(an entry of a table or None, where it ends)"""
    if found[0] == "ARM64_FTR_END":
        return None, found.end()
    words, end = arguments(text, found.end())
    if found[0] == "":
        return _literal(text[found.end() + 1:end - 1], names), end
    sign = "signed" if found[1] == "S_" else "unsigned"
    if found[1] == "__":
        sign = _look_up(SIGNS, words.pop(0))
    if len(words) != 6:
        raise NotUnderstood("%d arguments: %s" % (len(words), ", ".join(words)))
    _, _, rule, shift, width, safe = words
    return Bits(sign, _look_up(RULES, rule), names.value(shift), names.value(width),
                names.value(safe)), end


def _table(text, names):
    entries, at = [], 0
    while text[at:].strip(" \t\n,"):
        found = ENTRY.search(text, at)
        if not found or text[at:found.start()].strip(" \t\n,"):
            raise NotUnderstood("in a table: %s" % " ".join(text[at:at + 80].split()))
        entry, at = _entry(text, found, names)
        entries += [entry] if entry else []
    return entries


def _list(text):
    """(register, name of its table) in arm64_ftr_regs[]."""
    static = dict(STATIC.findall(text))
    start = re.search(r"\barm64_ftr_regs\[\]\s*=", text)
    if not start:
        raise NotUnderstood("no arm64_ftr_regs[] in cpufeature.c")
    text, at = body(text, start.end()), 0
    while text[at:].strip(" \t\n,"):
        found = REGISTER.search(text, at)
        if not found or text[at:found.start()].strip(" \t\n,"):
            raise NotUnderstood("in arm64_ftr_regs[]: %s" % " ".join(text[at:at + 80].split()))
        words, at = arguments(text, found.end())
        table = words[1] if found[0] else static.get(words[1].lstrip("&"))
        if table is None:
            raise NotUnderstood("no struct arm64_ftr_reg %s" % words[1])
        yield words[0].removeprefix("SYS_"), table


def _overrides(text, registers, names):
    """What kvm_arm64_ftr_safe_value() changes, put into the entries."""
    start = re.search(r"\bkvm_arm64_ftr_safe_value\([^;{]*\{", text)
    if not start:
        raise NotUnderstood("no kvm_arm64_ftr_safe_value() in sys_regs.c")
    register = shift = None
    for case, bits, member, word in OVERRIDE.findall(body(text, start.end() - 1)):
        if case:
            register, shift = case, None
        elif bits:
            shift = names.value(bits)
        elif register is None or shift is None:
            raise NotUnderstood("kvm_arm64_ftr_safe_value: %s = %s of no field" % (member, word))
        else:
            for entry in registers[register]:
                if entry.lsb == shift and member == "type":
                    entry.kvm_rule = _look_up(RULES, word)
                elif entry.lsb == shift and member == "sign":
                    entry.kvm_sign = _look_up(SIGNS, word)
                elif entry.lsb == shift:
                    entry.kvm_safe = names.value(word)


def read(cpufeature, sys_regs, names):
    """The entries of every register that has a table, by its name."""
    text = code(cpufeature)
    tables = {found[1]: _table(body(text, found.end()), names) for found in TABLE.finditer(text)}
    registers = {}
    for register, table in _list(text):
        if table not in tables:
            raise NotUnderstood("%s: no table %s" % (register, table))
        # the same table may serve several registers, and KVM may change one of them
        registers[register] = [Bits(b.sign, b.rule, b.lsb, b.width, b.safe) for b in tables[table]]
    _overrides(code(sys_regs), registers, names)
    return registers
