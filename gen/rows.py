# SPDX-License-Identifier: MIT
"""Read a table of facts: tab separated, `#` comments, the first row names the columns."""

import os


class Faults:
    """What is wrong with the facts, each with its file and line."""

    def __init__(self):
        self.found = []

    def add(self, where, text):
        self.found.append("%s:%d: %s" % (where.path, where.line, text))

    def __bool__(self):
        return bool(self.found)


class Place:
    def __init__(self, path, line):
        self.path = path
        self.line = line


class Row:
    """One row: its cells as attributes of the columns' names, and where it stands."""

    def __init__(self, place, cells):
        self.place = place
        self.__dict__.update(cells)


def read(directory, name, columns, faults):
    """All rows of a table. A row with a fault is reported and left out."""
    path = os.path.join(directory, name)
    rows = []
    header = None
    with open(path, encoding="utf-8", newline="") as f:
        for number, line in enumerate(f.read().split("\n"), 1):
            if line == "" or line.startswith("#"):
                continue
            place = Place(path, number)
            cells = line.split("\t")
            if header is None:
                header = cells
                if header != columns:
                    faults.add(place, "columns are '%s', expected '%s'"
                               % (" ".join(header), " ".join(columns)))
                    return []
                continue
            if _well_formed(place, cells, columns, faults):
                rows.append(Row(place, dict(zip(columns, cells))))
    if header is None:
        faults.add(Place(path, 1), "no row with the columns' names")
    return rows


def _well_formed(place, cells, columns, faults):
    if len(cells) != len(columns):
        faults.add(place, "%d cells, expected %d" % (len(cells), len(columns)))
        return False
    for cell, column in zip(cells, columns):
        if cell != cell.strip() or not cell.isprintable() or '"' in cell or "\\" in cell:
            faults.add(place, "%s: stray space, control character, quote or backslash" % column)
            return False
    if "source" in columns and cells[columns.index("source")] == "":
        faults.add(place, "no source")
        return False
    return True


def number(row, column, faults, least, greatest):
    """A cell as a number in a range, or None with a fault."""
    text = getattr(row, column)
    try:
        value = int(text, 0)
    except ValueError:
        faults.add(row.place, "%s: '%s' is no number" % (column, text))
        return None
    if not least <= value <= greatest:
        faults.add(row.place, "%s: %s is not within %d to %d" % (column, text, least, greatest))
        return None
    return value


def choice(row, column, faults, words):
    """A cell that has to be one of a few words, or None with a fault."""
    text = getattr(row, column)
    if text not in words:
        faults.add(row.place, "%s: unknown '%s', expected one of: %s"
                   % (column, text, ", ".join(w or "(empty)" for w in words)))
        return None
    return text
