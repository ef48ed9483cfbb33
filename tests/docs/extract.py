"""Write the block of C of a document whose first line names it: extract.py DOCUMENT NAME OUTPUT"""

import pathlib
import re
import sys

document, name, output = sys.argv[1:]
blocks = re.findall(r"(?ms)^```c\n(.*?)^```$", pathlib.Path(document).read_text(encoding="utf-8"))
found = [block for block in blocks if block.startswith(f"/* {name}: ")]
if len(found) != 1:
    sys.exit(f"{document} has {len(found)} blocks of C that begin with /* {name}: ")
pathlib.Path(output).write_text(found[0], encoding="utf-8")
