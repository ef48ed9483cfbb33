#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Short logs whose results real kernels gave (Debian's, in the lab): the simulated hosts give the same.

Each of tests/data/logs/short/ holds one rule that millions of random calls had to find, or missed.
"""

import re

from support import DONE, TOP, Case, main, profile

SHORT = TOP / "tests" / "data" / "logs" / "short"


class Replayed(Case):
    def test_short_logs(self):
        logs = sorted(SHORT.glob("*.log"))
        self.assertTrue(logs)
        for log in logs:
            for host in re.search("^# host: (.+)$", log.read_text(), re.M)[1].split():
                with self.subTest(log=log.name, host=host):
                    self.expect(DONE, "replay", log, profile(host))


if __name__ == "__main__":
    main()
