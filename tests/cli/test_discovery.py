#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which CPUs a guest may meet: in models, and as guests may ask for them."""

import json

from support import DONE, NO, Case, main, profile

BITS = "VENDOR_HYP_BMAP_2"
FILTER = """\
create-vm 0 = 0
smccc-filter c6000040 2 2 = 0
smccc-filter c6000041 1 2 = EEXIST
smccc-filter 8000ffff 2 2 = EEXIST
smccc-filter 1 0 1 = EINVAL
smccc-filter 100 2 3 = EINVAL
create-vcpu 0 = 0
init 0 4 = 0
smccc-filter 200 2 0 = 0
run 0 = EINTR
smccc-filter 300 2 0 = EBUSY
smccc-filter 300 2 3 = EINVAL
"""


def cpus(path):
    """The CPUs of a profile or a model."""
    with open(path, encoding="utf-8") as file:
        p = json.load(file)
    return {tuple(int(cpu[key], 16) for key in ("midr", "revidr", "aidr"))
            for cpu in p.get("implementations") or p["host"]["cpus"]}


class Implementations(Case):
    HOSTS = ("neoverse-n1-7.3", "cortex-a76-7.3")

    def test_of_profiles(self):
        model = self.model(*self.HOSTS)
        want = set().union(*(cpus(profile(host)) for host in self.HOSTS))
        self.assertEqual(len(want), 2)
        self.assertEqual(cpus(model), want)

    def test_of_models(self):
        """Models as inputs bring theirs, with an offer and without, as JSON and as text."""
        first, bare, text = self.model(*self.HOSTS), self.folder / "bare.json", self.folder / "bare.model"
        made = json.loads(first.read_text(encoding="utf-8"))
        del made["offer"]
        bare.write_text(json.dumps(made), encoding="utf-8")
        self.expect(DONE, "models", "--text", "-o", text, bare)
        want = set().union(*(cpus(profile(host)) for host in self.HOSTS))
        for each in (first, bare, text):
            both = self.folder / "both.json"
            self.expect(DONE, "baseline", "--quiet", "-o", both, each, profile(self.HOSTS[0]))
            self.assertEqual(cpus(both), want)

    def test_a_mixed_host(self):
        """Every kind of core of a host counts."""
        with open(profile(self.HOSTS[0]), encoding="utf-8") as file:
            p = json.load(file)
        p["host"]["cpus"].append({"midr": "0x410fd4f0", "revidr": "0x7", "aidr": "0x9"})
        path = self.folder / "model.json"
        self.expect(DONE, "baseline", "--quiet", "-o", path, self.file("mixed.json", json.dumps(p)))
        self.assertEqual(cpus(path), cpus(profile(self.HOSTS[0])) | {(0x410fd4f0, 7, 9)})


class Discovery(Case):
    HOSTS = ("neoverse-n1-6.18", "neoverse-n1-7.3")

    def test_off_by_itself(self):
        made = json.loads(self.model(*self.HOSTS).read_text(encoding="utf-8"))
        self.assertEqual(int(made["firmware"][BITS], 16), 0)

    def test_on_request(self):
        model = self.model(*self.HOSTS, options=("--discovery",))
        made = json.loads(model.read_text(encoding="utf-8"))
        self.assertEqual(int(made["firmware"][BITS], 16), 3)
        again = self.folder / "again.json"
        self.expect(DONE, "baseline", "--quiet", "--discovery", "-o", again, model, profile(self.HOSTS[1]))
        self.assertEqual(int(json.loads(again.read_text(encoding="utf-8"))["firmware"][BITS], 16), 3)

    def test_nobody_answers(self):
        """check, plan and apply leave it off, and say so."""
        model, host = self.model(*self.HOSTS, options=("--discovery",)), profile(self.HOSTS[1])
        a = self.expect(DONE, "apply", "--json", model, host).json()
        self.assertTrue(a["pinned"])
        self.assertEqual([w["register"] for w in a["warnings"]], [BITS])
        self.assertNotIn(BITS, [w["register"] for w in a["writes"]])
        for command in ("check", "apply"):
            self.assertRegex(self.expect(DONE, command, model, host).out,
                             f"warning: .*{BITS}: .*left off")
        plan = self.expect(DONE, "plan", model, host)
        self.assertNotIn(BITS, plan.out)
        self.assertIn("left off", plan.err)

    def test_a_kernel_without_it(self):
        answer = self.expect(NO, "baseline", "--discovery", profile("neoverse-n1-6.12"),
                             profile("neoverse-n1-7.3"))
        self.assertRegex(answer.out, rf"(?s){BITS}.*neoverse-n1-6\.12")
        model = self.model(*self.HOSTS, options=("--discovery",))
        for command in ("check", "plan", "apply"):
            self.assertIn(BITS, self.expect(NO, command, model, profile("neoverse-n1-6.12")).out)

    def test_filter(self):
        """What KVM says to the filter was seen on 6.12, 6.18 and 7.3; 6.1 has none."""
        for host in ("neoverse-n1-6.12", "neoverse-n1-6.18", "neoverse-n1-7.3"):
            self.expect(DONE, "replay", "-", profile(host), stdin=FILTER)
        old = FILTER.replace("= EEXIST", "= EINVAL").replace("= EBUSY", "= EINVAL") \
                    .replace("2 2 = 0", "2 2 = EINVAL").replace("2 0 = 0", "2 0 = EINVAL")
        self.expect(DONE, "replay", "-", profile("neoverse-n1-6.1"), stdin=old)


if __name__ == "__main__":
    main()
