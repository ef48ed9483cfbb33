# SPDX-License-Identifier: MIT
"""arch/arm64/tools/sysreg: registers, fields and the names of values; and the encodings that
arch/arm64/include/asm/sysreg.h adds to it."""

import re

from linux.text import NotUnderstood, code

DEFINE = re.compile(r"^\s*#define\s+SYS_(\w+)\s+sys_reg\((\d+), (\d+), (\d+), (\d+), (\d+)\)", re.M)
ENUMS = {"Enum": None, "SignedEnum": "signed", "UnsignedEnum": "unsigned"}
EMPTY = ("Res0", "Raz")
FILLED = {"Res1": "RES1", "Unkn": "UNKNOWN"}  # bits that a guest may see as other than 0


class Field:
    def __init__(self, name, msb, lsb, sign=None):
        self.name, self.msb, self.lsb, self.sign = name, msb, lsb, sign
        self.values = {}  # value: name


class Register:
    def __init__(self, name, encoding):
        self.name, self.encoding = name, encoding
        self.fields = []
        self.described = False  # by the sysreg file, not by a #define alone

    def find(self, name):
        for field in self.fields:
            if field.name == name:
                return field
        return None


def _number(text):
    return int(text, 2 if text.lower().startswith("0b") else 0)


def _bits(text):
    msb, _, lsb = text.partition(":")
    return int(msb), int(lsb or msb)


class _Reader:
    """The state between lines: which blocks are open."""

    def __init__(self):
        self.registers = {}
        self.shared = {}  # the fields of a SysregFields block, which may come after its uses
        self.block = self.enum = None
        self.prefix = False

    def line(self, words):
        word = words[0]
        if word in ("Sysreg", "SysregFields"):
            self.block = Register(words[1], tuple(int(w) for w in words[2:7]))
            self.block.described = True
            if word == "Sysreg":
                self.registers[words[1]] = self.block
            else:
                self.block.fields = self.shared.setdefault(words[1], [])
        elif word in ("EndSysreg", "EndSysregFields"):
            self.block = None
        elif word == "Prefix":  # a second layout of the same register under other names
            self.prefix = True
        elif word == "EndPrefix":
            self.prefix = False
        elif self.block is None:
            raise NotUnderstood("'%s' outside a register" % " ".join(words))
        else:
            self.within(word, words)

    def within(self, word, words):
        if word == "EndEnum":
            self.enum = None
        elif self.enum is not None:
            self.enum.values[_number(word)] = words[1]
        elif word in ENUMS or word == "Field":
            field = Field(words[2], *_bits(words[1]), ENUMS.get(word))
            self.enum = field if word in ENUMS else None
            if not self.prefix:
                self.block.fields.append(field)
        elif word in FILLED:
            self.block.fields.append(Field(FILLED[word], *_bits(words[1])))
        elif word == "Fields":
            self.block.fields = self.shared.setdefault(words[1], [])
        elif word == "Mapping":
            self.block.described = False
        elif word not in EMPTY:
            raise NotUnderstood("no keyword '%s'" % word)


def read(sysreg, header):
    """All registers by name."""
    reader = _Reader()
    for number, line in enumerate(sysreg.split("\n"), 1):
        words = line.partition("#")[0].split()
        if words:
            try:
                reader.line(words)
            except (NotUnderstood, ValueError, IndexError, KeyError) as error:
                raise NotUnderstood("sysreg:%d: %s" % (number, error)) from error
    for name, *encoding in DEFINE.findall(code(header)):
        if name not in reader.registers:
            reader.registers[name] = Register(name, tuple(int(n) for n in encoding))
    return reader.registers


class Names:
    """What the headers made of the sysreg file define: REG_FIELD_SHIFT, _WIDTH, REG_FIELD_VALUE."""

    def __init__(self, registers):
        self.known = {}
        for register in registers.values():
            for field in register.fields:
                stem = "%s_%s_" % (register.name, field.name)
                self.known[stem + "SHIFT"] = field.lsb
                self.known[stem + "WIDTH"] = field.msb - field.lsb + 1
                for value, name in field.values.items():
                    self.known[stem + name] = value

    def value(self, text):
        if text in self.known:
            return self.known[text]
        try:
            return _number(text)
        except ValueError:
            raise NotUnderstood("no name '%s'" % text) from None
