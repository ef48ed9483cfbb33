#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What gen/tables.py refuses: each test breaks one row of a copy of data/ and reads the message."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLES = os.path.join(ROOT, "gen", "tables.py")
sys.path.insert(0, os.path.dirname(TABLES))

import tables  # noqa: E402

SAID = []  # every line that the generator said in a test


def run(directory, *more):
    """In a process of its own, as the build does."""
    out = os.path.join(directory, "out.c")
    result = subprocess.run([sys.executable, TABLES, directory, out, *more],
                            capture_output=True, text=True, check=False)
    SAID.extend(result.stderr.splitlines())
    return result, out


def run_here(directory):
    """The same without a process: the exit status, what is said, and where tables would be."""
    out, said = os.path.join(directory, "out.c"), io.StringIO()
    with contextlib.redirect_stderr(said):
        status = tables.main([TABLES, directory, out])
    SAID.extend(said.getvalue().splitlines())
    return status, said.getvalue(), out


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read().split("\n")


class Broken(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        for name in os.listdir(os.path.join(ROOT, "data")):
            if name.endswith(".tsv"):
                shutil.copy(os.path.join(ROOT, "data", name), self.directory)

    def rows(self, table):
        self.path = os.path.join(self.directory, table)
        with open(self.path, encoding="utf-8") as f:
            return f.read().split("\n")

    def write(self, lines):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines))

    def cells(self, table, start):
        """The lines of a table, and where in them the row stands that starts with these cells."""
        lines = self.rows(table)
        at = [i for i, line in enumerate(lines) if line.startswith("\t".join(start) + "\t")]
        self.assertEqual(len(at), 1, start)
        return lines, at[0]

    def refused(self, line, message):
        status, said, out = run_here(self.directory)
        self.assertEqual(status, 1, said)
        self.assertIn("%s:%d: %s" % (self.path, line, message), said)
        self.assertFalse(os.path.exists(out), "wrote tables from broken facts")

    def change(self, table, start, column, text, message):
        lines, at = self.cells(table, start)
        header = next(line for line in lines if line and line[0] != "#").split("\t")
        cells = lines[at].split("\t")
        cells[header.index(column)] = text
        lines[at] = "\t".join(cells)
        self.write(lines)
        self.refused(at + 1, message)

    def add(self, table, row, message):
        lines = self.rows(table)
        lines.append("\t".join(row))
        if lines[-2] == "":
            del lines[-2]
        self.write(lines)
        self.refused(len(lines), message)

    # The form of a table

    def test_untouched_facts_pass(self):
        result, out = run(self.directory)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(os.path.exists(out))

    def test_same_facts_same_tables(self):
        texts = []
        for _ in range(2):
            _, out = run(self.directory)
            with open(out, encoding="utf-8") as f:
                texts.append(f.read())
        self.assertEqual(texts[0], texts[1])

    def test_missing_table(self):
        os.remove(os.path.join(self.directory, "fields.tsv"))
        result, _ = run(self.directory)
        self.assertEqual(result.returncode, 1)
        self.assertIn("fields.tsv", result.stderr)

    def test_usage(self):
        result, _ = run(self.directory, "more")
        self.assertEqual(result.returncode, 2)

    def test_columns(self):
        lines = self.rows("firmware.tsv")
        at = next(i for i, line in enumerate(lines) if line.startswith("name\t"))
        lines[at] = lines[at].replace("kind", "sort")
        self.write(lines)
        self.refused(at + 1, "columns are 'name id sort services opt_in source'")

    def test_empty_table(self):
        for table in ("registers.tsv", "features.tsv"):
            with self.subTest(table):
                self.rows(table)
                self.write(["# nothing"])
                self.refused(1, "no row with the columns' names")

    def test_missing_cell(self):
        lines, at = self.cells("capabilities.tsv", ["ARM_SVE"])
        lines[at] = lines[at].rsplit("\t", 1)[0]
        self.write(lines)
        self.refused(at + 1, "2 cells, expected 3")

    def test_stray_space(self):
        self.change("fields.tsv", ["ID_AA64ISAR0_EL1", "AES"], "order", "lower ", "order: stray")

    def test_carriage_return(self):
        self.change("capabilities.tsv", ["ARM_SVE"], "source", "linux-6.1\r", "source: stray")

    def test_quote(self):
        self.change("options.tsv", ["pmu"], "title", 'the "PMU"', "title: stray")

    def test_no_source(self):
        for table, start in (("registers.tsv", ["MIDR_EL1"]),
                             ("fields.tsv", ["ID_AA64ISAR0_EL1", "AES"]),
                             ("values.tsv", ["ID_AA64ISAR0_EL1", "AES", "2"]),
                             ("features.tsv", ["FEAT_AES"]),
                             ("options.tsv", ["sve"]),
                             ("firmware.tsv", ["STD_BMAP"]),
                             ("capabilities.tsv", ["ARM_SVE"])):
            with self.subTest(table):
                self.setUp()
                self.change(table, start, "source", "", "no source")

    def test_unknown_source(self):
        self.change("features.tsv", ["FEAT_AES"], "source", "arm-2025-03,hearsay",
                    "no source 'hearsay' in sources.tsv")

    # Registers

    def test_register_twice(self):
        self.change("registers.tsv", ["ID_AA64PFR1_EL1"], "op2", "0", "this encoding is already")

    def test_register_name_twice(self):
        self.change("registers.tsv", ["ID_AA64PFR1_EL1"], "name", "Id_AA64pfr0_EL1",
                    "register 'Id_AA64pfr0_EL1' is already")

    def test_register_missing(self):
        lines, at = self.cells("registers.tsv", ["ID_AA64AFR1_EL1"])
        del lines[at]
        self.write(lines)
        self.refused(1, "1 of the 192 encodings are missing")

    def test_register_outside(self):
        self.change("registers.tsv", ["MIDR_EL1"], "op1", "2", "MIDR_EL1 is outside")
        self.change("registers.tsv", ["MIDR_EL1"], "op1", "8", "op1: 8 is not within 0 to 7")

    def test_register_kind(self):
        self.change("registers.tsv", ["MIDR_EL1"], "kind", "legacy", "kind: unknown 'legacy'")

    def test_nameless_register_misnamed(self):
        self.change("registers.tsv", ["S3_0_C0_C4_3"], "name", "S3_0_C0_C4_4",
                    "name 'S3_0_C0_C4_4' does not fit")

    def test_named_register_without_name(self):
        self.change("registers.tsv", ["S3_0_C0_C4_3"], "kind", "architected",
                    "name 'S3_0_C0_C4_3' does not fit")

    def test_layout_of_nameless_register(self):
        self.change("registers.tsv", ["S3_0_C0_C4_3"], "layout", "free", "layout 'free' does not")

    def test_core_range_has_no_gaps(self):
        self.change("registers.tsv", ["S3_0_C0_C4_3"], "kind", "unallocated",
                    "the core ID range has no unallocated")

    def test_when_of_register(self):
        self.change("registers.tsv", ["ID_AA64ZFR0_EL1"], "when", "ID_AA64ZFR0_EL1.AES >= 1",
                    "when: a condition on itself")
        self.change("registers.tsv", ["ID_AA64ZFR0_EL1"], "when", "ID_AA64PFR0_EL1.SVE",
                    "expected an operator")

    # Fields

    FIELD = ["ID_AA64ISAR0_EL1", "AES"]

    def test_field_of_no_register(self):
        self.change("fields.tsv", self.FIELD, "register", "ID_AA64ISAR9_EL1",
                    "no register 'ID_AA64ISAR9_EL1'")

    def test_field_of_nameless_register(self):
        self.change("fields.tsv", self.FIELD, "register", "S3_0_C0_C4_3", "S3_0_C0_C4_3 has no")

    def test_field_name(self):
        self.change("fields.tsv", self.FIELD, "field", "A.ES", "'A.ES' is no name")

    def test_field_twice(self):
        self.change("fields.tsv", self.FIELD, "field", "sha1",
                    "field 'ID_AA64ISAR0_EL1.sha1' is already")

    def test_field_overlap(self):
        lines, at = self.cells("fields.tsv", ["CTR_EL0", "IminLine"])
        lines[at] = lines[at].replace("\t3\t0\t", "\t14\t0\t")
        self.write(lines)
        _, upper = self.cells("fields.tsv", ["CTR_EL0", "L1Ip"])
        self.refused(upper + 1, "L1Ip overlaps IminLine")

    def test_field_outside(self):
        self.change("fields.tsv", ["CTR_EL0", "TminLine"], "msb", "64", "msb: 64 is not within")

    def test_field_upside_down(self):
        self.change("fields.tsv", ["CTR_EL0", "IminLine"], "lsb", "5", "msb 3 is below lsb 5")

    def test_field_of_odd_width(self):
        self.change("fields.tsv", self.FIELD, "msb", "6",
                    "bits 6 to 4: ID_AA64ISAR0_EL1 is laid out in nibbles")

    def test_field_across_nibbles(self):
        lines, at = self.cells("fields.tsv", ["ID_AA64PFR1_EL1", "MPAM_frac"])
        lines[at] = lines[at].replace("\t19\t16\t", "\t21\t18\t")
        self.write(lines)
        self.refused(at + 1, "bits 21 to 18")

    def test_order(self):
        for order, message in (("least", "order: no order 'least' in orders.tsv"),
                               ("negative", "sign: the order 'negative' is signed"),
                               ("sparse", "legal: the order 'sparse' asks for the values")):
            with self.subTest(order):
                self.setUp()
                self.change("fields.tsv", self.FIELD, "order", order, message)

    def test_orders(self):
        for column, text, message in (
                ("order", "ETS", "'ETS' is no name for an order"),
                ("how", "most", "how: unknown 'most'"),
                ("how", "lower", "values belong to chains"),
                ("sign", "sometimes", "sign: unknown 'sometimes'"),
                ("legal", "no", "legal: unknown 'no'"),
                ("values", "", "values belong to chains"),
                ("values", "0<1<0", "values: 1 < 0 is against the order of first mention"),
                ("values", "0<1; 1<0", "values: 1 < 0 is against"),
                ("values", "0<x", "values: invalid literal"),
                ("meaning", "", "no meaning"),
                ("source", "", "no source")):
            with self.subTest(column=column, text=text):
                self.setUp()
                self.change("orders.tsv", ["ets"], column, text, message)
        self.setUp()
        lines, at = self.cells("orders.tsv", ["ets"])
        self.write(lines[:at] + [lines[at]] + lines[at:])
        self.refused(at + 2, "order 'ets' is already in line")

    def test_order_that_no_field_has(self):
        self.add("orders.tsv", ["odd", "lower", "unsigned", "", "", "none", "DDI0487"],
                 "no field has this order")

    def test_order_of_other_width(self):
        for field in (["ID_AA64DFR1_EL1", "BRPs"], ["CTR_EL0", "IDC"]):
            with self.subTest(field):
                self.setUp()
                self.change("fields.tsv", field, "order", "ets", "order: 'ets' has a value that does not fit")

    def test_sign(self):
        self.change("fields.tsv", self.FIELD, "sign", "sometimes", "sign: the order 'lower' is unsigned")

    def test_fallback(self):
        self.change("fields.tsv", self.FIELD, "fallback", "0", "a fallback belongs to order exact")
        self.setUp()
        self.change("fields.tsv", ["DCZID_EL0", "BS"], "fallback", "", "a fallback belongs")
        self.setUp()
        self.change("fields.tsv", ["DCZID_EL0", "BS"], "fallback", "16", "fallback: 16 is not")

    def test_legal(self):
        for legal in ("16", "0-16", "3-1", "0,x", "0-1-2", "-1"):
            with self.subTest(legal):
                self.setUp()
                self.change("fields.tsv", self.FIELD, "legal", legal, "legal: ")

    def test_kvm_rule(self):
        self.change("fields.tsv", self.FIELD, "kvm_rule", "any", "kvm_rule: unknown 'any'")

    def test_kvm_rule_without_sign(self):
        self.change("fields.tsv", self.FIELD, "kvm_sign", "", "kvm_sign goes with a rule")

    def test_kvm_safe(self):
        self.change("fields.tsv", self.FIELD, "kvm_safe", "0", "kvm_sign goes with a rule")
        self.setUp()
        self.change("fields.tsv", ["ID_AA64FPFR0_EL1", "F8CVT"], "kvm_safe", "2", "kvm_safe: 2 is")

    def test_option_of_field(self):
        self.change("fields.tsv", self.FIELD, "option", "crypto", "option: unknown 'crypto'")

    def test_when(self):
        for when, message in (("ID_AA64ISAR0_EL1.Aes == 1", "no field 'ID_AA64ISAR0_EL1.Aes'"),
                              ("FEAT_SVE", "when: fields only"),
                              ("ID_AA64ISAR0_EL1.AES == 1", "when: a condition on itself")):
            with self.subTest(when):
                self.setUp()
                self.change("fields.tsv", self.FIELD, "when", when, message)

    # Values

    VALUE = ["ID_AA64ISAR0_EL1", "AES", "2"]

    def test_value_of_no_field(self):
        self.change("values.tsv", self.VALUE, "field", "DES", "no field 'ID_AA64ISAR0_EL1.DES'")

    def test_value_too_great(self):
        self.change("values.tsv", self.VALUE, "value", "16", "value: 16 is not within 0 to 15")
        self.setUp()
        self.change("values.tsv", self.VALUE, "value", "two", "value: 'two' is no number")

    def test_value_twice(self):
        self.change("values.tsv", self.VALUE, "value", "0x1",
                    "value 0x1 of ID_AA64ISAR0_EL1.AES is already")

    def test_value_without_meaning(self):
        self.change("values.tsv", self.VALUE, "meaning", "", "no meaning")

    def test_linux_enumerator(self):
        for of, name, fault in ((self.VALUE, "AES and PMULL", "linux: 'AES and PMULL' is no enum"),
                                (self.VALUE, "AES_AND_PMULL", "linux: 'AES_AND_PMULL' is the meaning already"),
                                (["ID_AA64ISAR0_EL1", "TME", "1"], "TM",
                                 "linux: a name of Linux's, and no source of it"),
                                (["ID_AA64PFR0_EL1", "EL0", "2"], "IMP", "Linux's IMP of this")):
            with self.subTest(fault=fault):
                self.setUp()
                self.change("values.tsv", of, "linux", name, fault)

    def test_value_of_no_feature(self):
        self.change("values.tsv", self.VALUE, "features", "FEAT_DES", "no feature 'FEAT_DES'")

    def test_value_of_other_feature(self):
        self.change("values.tsv", self.VALUE, "features", "FEAT_LSE",
                    "FEAT_LSE does not depend on ID_AA64ISAR0_EL1.AES")

    def test_value_too_small_for_feature(self):
        self.change("values.tsv", ["ID_AA64ISAR0_EL1", "AES", "1"], "features", "FEAT_PMULL",
                    "value 1 rules FEAT_PMULL out")

    # Features

    def condition(self, text, message):
        self.setUp()
        self.change("features.tsv", ["FEAT_SVE_AES"], "condition", text, message)

    def test_condition(self):
        aes = "ID_AA64ZFR0_EL1.AES"
        for text, message in ((aes + " > 1", "cannot read '> 1'"),
                              (aes + " >=", "expected an operator and a number"),
                              (aes + " >= one", "'one' is no number"),
                              (aes, "expected an operator"),
                              (aes + " >= 16", aes + " cannot be 16"),
                              (aes + " >= -1", aes + " cannot be -1"),
                              ("", "expected FEAT_name"),
                              ("(" + aes + " >= 1", "missing ')'"),
                              (aes + " >= 1 " + aes + " >= 2", "more than one condition"),
                              (aes + " >= 1 &", "expected FEAT_name"),
                              ("ID_AA64ZFR0_EL1.DES >= 1", "no field 'ID_AA64ZFR0_EL1.DES'"),
                              ("FEAT_SVE9", "no feature 'FEAT_SVE9'")):
            with self.subTest(text):
                self.condition(text, message)

    def test_signed_comparison(self):
        self.condition("ID_AA64PFR0_EL1.FP >= 15", "ID_AA64PFR0_EL1.FP cannot be 15")

    def test_cycle(self):
        self.condition("FEAT_SVE_AES", "cycle: FEAT_SVE_AES -> FEAT_SVE_AES")
        self.setUp()
        lines, at = self.cells("features.tsv", ["FEAT_SVE"])
        lines[at] = lines[at].replace("ID_AA64PFR0_EL1.SVE >= 1", "FEAT_SVE_AES")
        self.write(lines)
        self.refused(at + 1, "cycle: FEAT_SVE -> FEAT_SVE_AES -> FEAT_SVE")

    def test_depth(self):
        aes = "ID_AA64ZFR0_EL1.AES == 1"
        self.condition((aes + " & (") * 16 + aes + ")" * 16, "the condition nests deeper than 16")

    def test_feature_twice(self):
        lines, at = self.cells("features.tsv", ["FEAT_SVE_AES"])
        lines.insert(at + 1, lines[at].replace("FEAT_SVE_AES", "FEAT_sve_aes"))
        self.write(lines)
        self.refused(at + 2, "feature 'FEAT_sve_aes' is already in line %d" % (at + 1))

    def test_feature_name(self):
        self.change("features.tsv", ["FEAT_SVE_AES"], "feature", "SVE_AES", "'SVE_AES' is no name")

    def test_left_out(self):
        row = ["FEAT_CHK"]
        self.change("left-out.tsv", row, "why", "", "no reason why FEAT_CHK is left out")
        self.setUp()
        self.change("left-out.tsv", row, "feature", "CHK", "'CHK' is no name of a feature")
        self.setUp()
        self.change("left-out.tsv", row, "feature", "FEAT_AES", "FEAT_AES is already in line")
        self.setUp()
        lines = self.rows("left-out.tsv")
        self.add("left-out.tsv", next(line for line in lines if line.startswith("FEAT_EL0")).split("\t"),
                 "FEAT_EL0 is already in line")

    def test_el2_only(self):
        row = ["ID_AA64MMFR1_EL1", "VH"]
        for column, text, message in (
                ("why", "", "no reason why only EL2 can use ID_AA64MMFR1_EL1.VH"),
                ("field", "VHE", "no field 'ID_AA64MMFR1_EL1.VHE'"),
                ("field", "XNX", "this field is already in line"),
                ("source", "", "no source")):
            with self.subTest(column + " " + text):
                self.setUp()
                self.change("el2-only.tsv", row, column, text, message)

    def test_every_name_is_known_or_left_out(self):
        """What Arm's list makes mandatory, what the independent listings have, what rules speak of."""
        known = {line.split("\t")[0] for table in ("features.tsv", "left-out.tsv")
                 for line in self.rows(table) if line.startswith("FEAT_")}
        names = set()
        folder = os.path.join(ROOT, "tests", "data")
        unnamed = {line.split("\t")[0] for line in lines_of(os.path.join(folder, "listings", "unnamed.tsv"))}
        for path in [os.path.join(folder, "mandatory.tsv")] + [
                os.path.join(folder, "listings", name) for name in os.listdir(os.path.join(folder, "listings"))]:
            for line in lines_of(path):
                names.update(re.findall(r"FEAT_\w+", line.split("\t")[0]))
        self.assertGreater(len(names), 250)
        self.assertEqual(sorted(names - known - unnamed), [])

    def test_version(self):
        self.change("features.tsv", ["FEAT_SVE_AES"], "min_version", "9.0", "'9.0' is no version")

    def test_mirror(self):
        self.change("features.tsv", ["FEAT_AES"], "mirror", "FEAT_SVE_AES", "mirror: fields only")
        self.setUp()
        self.change("features.tsv", ["FEAT_AES"], "mirror", "ID_ISAR5_EL1.DES >= 1", "no field")

    # Rules between fields

    RULE = ["implies-fp8-fpmr"]

    def rule(self, column, text, message):
        with self.subTest(column + " " + text):
            self.setUp()
            self.change("implications.tsv", self.RULE, column, text, message)

    def test_rule(self):
        fpmr = "ID_AA64PFR2_EL1.FPMR"
        for column, text, message in (
                ("name", "Implies-x", "'Implies-x' is no name for a rule"),
                ("name", "implies", "'implies' is no name for a rule"),
                ("name", "implies-fp8-bf16", "rule 'implies-fp8-bf16' is already in line"),
                ("if", "FEAT_FP9", "no feature, mirror or version 'FEAT_FP9'"),
                ("if", "mirror:FEAT_FPMR", "no feature, mirror or version 'mirror:FEAT_FPMR'"),
                ("then", "v7.1", "no field 'v7.1'"),
                ("then", "v8.0", "no feature, mirror or version 'v8.0'"),
                ("then", "", "expected FEAT_name"),
                ("severity", "fatal", "severity: unknown 'fatal'"),
                ("closes", "never", "closes: unknown 'never'"),
                ("closes", "", "lower goes with closes"),
                ("lower", "", "lower goes with closes"),
                ("source", "", "no source"),
                ("then", "FEAT_FP8 | FEAT_FPMR", "no values of the fields can break it"),
                ("lower", "ID_AA64FPFR0_EL1.F9", "no field 'ID_AA64FPFR0_EL1.F9'"),
                ("lower", fpmr, "lower: %s is not read by `if`" % fpmr)):
            self.rule(column, text, message)

    def test_rule_that_has_no_greatest(self):
        self.rule("if", "ID_AA64FPFR0_EL1.F8CVT == 0",
                  "lower: less of ID_AA64FPFR0_EL1.F8CVT need not end `if`")
        self.rule("then", "!FEAT_FPMR", "less of ID_AA64PFR2_EL1.FPMR may make `then` true")
        self.rule("then", "ID_AA64MMFR1_EL1.SpecSEI >= 1",
                  "less of ID_AA64MMFR1_EL1.SpecSEI may make `then` true")
        self.rule("if", "FEAT_FP8 & FEAT_FPRCVT",
                  "`if` reads ID_AA64ISAR3_EL1.FPRCVT, which implies-fprcvt-fp lowers")

    def test_rule_that_lowers_what_then_reads(self):
        self.rule("if", "ID_AA64FPFR0_EL1.F8CVT >= 1 & (%s)" % " | ".join(
            "ID_AA64ISAR0_EL1.%s >= 1" % f for f in
            "AES SHA1 SHA2 CRC32 Atomic RDM SHA3 SM3 SM4 DP FHM TS".split()),
                  "lower: less of ID_AA64FPFR0_EL1.F8CVT need not end `if`")  # more than is looked at

    def test_error_that_hosts_break_together(self):
        lpa = ["group-lpa"]
        lines, at = self.cells("implications.tsv", lpa)
        cells = lines[at].split("\t")
        cells[4] = cells[5] = ""
        lines[at] = "\t".join(cells)
        self.write(lines)
        self.refused(at + 1, "an error whose `then` has alternatives needs `lower`")

    def test_rule_that_is_no_condition(self):
        self.change("implications.tsv", ["missing-register"], "if", "FEAT_SVE",
                    "missing-register is no condition")
        self.setUp()
        lines = [line for line in self.rows("implications.tsv")
                 if not line.startswith("reserved-field")]
        self.write(lines)
        first = next(i for i, line in enumerate(lines) if line.startswith("implies-"))
        self.refused(first + 1, "no rule 'reserved-field'")

    def test_depth_of_rule(self):
        aes = "ID_AA64ZFR0_EL1.AES == 1"
        self.rule("then", (aes + " & (") * 16 + aes + ")" * 16,
                  "the condition nests deeper than 16")

    def test_version_of_rules(self):
        for column, text, message in (("version", "v7.2", "'v7.2' is no version"),
                                      ("version", "v8.2", "version 'v8.2' is already in line"),
                                      ("condition", "v8.9", "no feature or earlier version 'v8.9'"),
                                      ("condition", "FEAT_X", "no feature or earlier version")):
            with self.subTest(column + " " + text):
                self.setUp()
                self.change("versions.tsv", ["v8.3"], column, text, message)

    # Groups

    def test_group(self):
        ras = "ID_AA64PFR0_EL1.RAS"
        for column, text, message in (
                ("group", "Ras", "'Ras' is no name for a group"),
                ("group", "nv", "group 'nv' is already in line"),
                ("fields", ras, "fields: expected two fields, not '%s'" % ras),
                ("fields", ras + "," + ras, "fields: expected two fields"),
                ("fields", ras + ",X.Y", "fields: expected two fields"),
                ("fields", ras + ",ID_AA64PFR0_EL1.CSV2", "ID_AA64PFR0_EL1.CSV2 is already in"),
                ("states", "0:0<1", "states: cannot read '1'"),
                ("states", "0:0<1:16", "states: 1:16 does not fit the fields"),
                ("states", "0:0<1:0; 1:0<0:0", "states: 0:0 is against the order of first"),
                ("states", "<".join("%d:0" % n for n in range(16)) + "<0:1", "states: more than"),
                ("source", "", "no source")):
            with self.subTest(column + " " + text):
                self.setUp()
                start = ["csv2"] if "CSV2" not in text and column == "none" else ["ras"]
                if "nv" == text:
                    start = ["s2gran4"]
                if "CSV2" in text:
                    start = ["mpam"]
                self.change("groups.tsv", start, column, text, message)

    # KVM

    def test_capability(self):
        self.add("capabilities.tsv", ["ARM_SVE2", "170", "linux-6.1"], "number 170 is already")
        self.setUp()
        self.add("capabilities.tsv", ["arm_sve", "999", "linux-6.1"], "'arm_sve' is already")
        self.setUp()
        self.change("capabilities.tsv", ["ARM_SVE"], "number", "0", "number: 0 is not within")
        self.setUp()
        self.change("capabilities.tsv", ["ARM_SVE"], "name", "ARM-SVE", "'ARM-SVE' is no name")

    def test_vm_capability(self):
        table = "vm-capabilities.tsv"
        self.add(table, ["ARM_X", "168", "same", "0", "linux-6.1"], "number 168 is already")
        self.setUp()
        self.add(table, ["halt_poll", "999", "same", "0", "linux-6.1"], "'halt_poll' is already")
        self.setUp()
        self.add(table, ["ARM_MTE", "999", "same", "0", "linux-6.1"], "capabilities.tsv has another")
        self.setUp()
        self.change(table, ["HALT_POLL"], "without_vm", "never", "without_vm: unknown 'never'")

    def test_written(self):
        table = "written.tsv"
        self.add(table, ["X", "0x603000000013df5e", "0x603000000013df5f", "zero", "0", "linux-6.1"],
                 "the ids 0x603000000013df5e to 0x603000000013df5f are none, or have a row")
        self.setUp()
        self.add(table, ["X", "2", "1", "zero", "0", "linux-6.1"], "the ids 0x2 to 0x1 are none")
        self.setUp()
        self.change(table, ["PSTATE"], "rule", "memory", "rule: unknown 'memory'")

    def test_behaviour(self):
        self.add("behaviours.tsv", ["EL_floor", "as before", "measured"], "'EL_floor' is already")
        self.setUp()
        self.change("behaviours.tsv", ["el_floor"], "behaviour", "el-floor", "'el-floor' is no name")
        self.setUp()
        self.change("behaviours.tsv", ["el_floor"], "meaning", "", "no meaning")

    def test_option(self):
        for column, text, message in (("capabilities", "ARM_SVE2", "no capability 'ARM_SVE2'"),
                                      ("enable", "ARM_SVE2", "no capability 'ARM_SVE2'"),
                                      ("features", "32", "features: '32' is no bit"),
                                      ("features", "four", "features: 'four' is no bit"),
                                      ("on_request", "maybe", "on_request: unknown 'maybe'"),
                                      ("not_with", "pmu,el3", "not_with: 'el3' is no other option"),
                                      ("not_with", "sve", "not_with: 'sve' is no other option"),
                                      ("option", "pmu", "option 'pmu' is already"),
                                      ("option", "s-v-e", "'s-v-e' is no name"),
                                      ("capabilities", "ONE_REG,ARM_SVE,ARM_MTE",
                                       "more than two capabilities")):
            with self.subTest(column + " " + text):
                self.setUp()
                self.change("options.tsv", ["sve"], column, text, message)

    def test_firmware(self):
        for column, text, message in (("id", "0x6030000000140000", "id 0x6030000000140000 is"),
                                      ("id", "0x603000000013c020", "id: 0x603000000013c020 is not"),
                                      ("id", "PSCI", "id: 'PSCI' is no number"),
                                      ("kind", "service", "kind: unknown 'service'"),
                                      ("opt_in", "-1", "opt_in: -1 is not"),
                                      ("opt_in", "0x2", "a bitmap has services"),
                                      ("services", "0", "a bitmap has services"),
                                      ("name", "psci_version", "'psci_version' is already"),
                                      ("name", "STD-BMAP", "'STD-BMAP' is no name")):
            with self.subTest(column + " " + text):
                self.setUp()
                self.change("firmware.tsv", ["STD_BMAP"], column, text, message)

    def test_known(self):
        for column, text, message in (("crm", "16", "crm: 16 is not"),
                                      ("op2", "4", "this encoding is already in line"),
                                      ("source", "", "no source")):
            with self.subTest(column + " " + text):
                self.setUp()
                self.change("known.tsv", ["2", "0", "0", "0", "5"], column, text, message)
        self.setUp()
        lines = self.rows("known.tsv")
        lines += ["3\t0\t1\t0\t3\tmeasured", ""]  # SCTLR2_EL1, of gates.tsv
        self.write(lines)
        self.refused(len(lines) - 1, "this encoding is already in line")

    def test_behaviours(self):
        for column, text, message in (("behaviour", "el-floor", "'el-floor' is no name for a beh"),
                                      ("behaviour", "knows_el2", "'knows_el2' is already in line"),
                                      ("meaning", "", "no meaning")):
            with self.subTest(column + " " + text):
                self.setUp()
                self.change("behaviours.tsv", ["el_floor"], column, text, message)

    def test_errnos(self):
        for column, text, message in (("call", "ioctl", "call: unknown 'ioctl'"),
                                      ("errno", "EREFUSED", "'EREFUSED' is no errno"),
                                      ("errno", "EBUSY", "EBUSY of set is already in line"),
                                      ("meaning", "no", "meaning: unknown 'no'"),
                                      ("says", "", "the row says nothing"),
                                      ("source", "", "no source")):
            with self.subTest(column + " " + text):
                self.setUp()
                start = ["set", "EPERM" if column == "errno" else "EBUSY"]
                self.change("errnos.tsv", start, column, text, message)

    def test_errnos_of_every_call(self):
        lines = [line for line in self.rows("errnos.tsv") if not line.startswith("check\t")]
        self.write(lines)
        self.refused(len(lines) - 1, "no row for call check")


class Whole(unittest.TestCase):
    """Runs after Broken: unittest takes classes in the order of their names."""

    def test_every_refusal_was_provoked(self):
        for name in ("rows.py", "facts.py", "conditions.py", "rules.py", "groups.py", "versions.py"):
            with open(os.path.join(ROOT, "gen", name), encoding="utf-8") as f:
                source = f.read()
            for message in re.findall(r'(?:faults\.add\([^")]*\)?[^")]*|Fault\()"([^"]+)"', source):
                parts = [re.escape(p) for p in re.split("%s|%d|%#x", message)]
                said = re.compile(r":\d+: " + ".*".join(parts))
                with self.subTest("%s: %s" % (name, message)):
                    self.assertTrue(any(map(said.search, SAID)))

    def test_no_traceback(self):
        self.assertEqual([line for line in SAID if "Traceback" in line], [])


if __name__ == "__main__":
    unittest.main()
