"""Takes parts out of a generated database for as long as it still fails, largest parts first: what is left is what it takes."""

import itertools

from generate import clone


def without_column(database, table, id):
    """With all that uses it."""
    table.columns = [column for column in table.columns if column.id != id]
    mark = f"<<{id}>>"
    table.columns = [column for column in table.columns if not column.generated or mark not in column.generated]
    table.key = [other for other in table.key if other != id]
    table.uniques = [ids for ids in table.uniques if id not in ids]
    table.checks = [check for check in table.checks if mark not in check[1]]
    table.indexes = [index for index in table.indexes if id not in index.columns and mark not in index.text]
    table.foreign = [key for key in table.foreign if id not in key.columns]
    without_orphans(database)


def without_orphans(database):
    """Without foreign keys to what isn't there, or is no key any more."""
    keys = {table.id: table.key for table in database.tables}
    for table in database.tables:
        table.foreign = [key for key in table.foreign if keys.get(key.table) == key.parent_columns]


def without_rows(table, numbers):
    keep = [i for i in range(table.n_rows) if i not in numbers]
    for column in table.columns:
        if not column.generated:
            column.values = [column.values[i] for i in keep]
    table.n_rows = len(keep)


def candidates(database):
    """Smaller databases, as functions that change a copy; the largest steps first."""
    for i in range(len(database.tables)):
        def drop(d, i=i):
            del d.tables[i]
            without_orphans(d)
        yield drop
    for i, table in enumerate(database.tables):
        for size in sorted({n for n in (table.n_rows, table.n_rows // 2, table.n_rows // 4, 1) if n}, reverse=True):
            for start in range(0, table.n_rows, size):
                yield lambda d, i=i, start=start, size=size: without_rows(d.tables[i], set(range(start, start + size)))
    for i, table in enumerate(database.tables):
        for part in ("foreign", "indexes", "checks", "uniques", "options"):
            for k in range(len(getattr(table, part))):
                yield lambda d, i=i, part=part, k=k: getattr(d.tables[i], part).pop(k)
        for column in table.columns:
            yield lambda d, i=i, id=column.id: without_column(d, d.tables[i], id)
        if table.key:
            def keyless(d, i=i):
                d.tables[i].key = []
                without_orphans(d)
            yield keyless
    yield from simpler(database)


def simpler(database):
    for i, table in enumerate(database.tables):
        if table.schema:
            yield lambda d, i=i: setattr(d.tables[i], "schema", None)
        plain = f"t{table.id}"
        if table.name != plain:
            yield lambda d, i=i, plain=plain: setattr(d.tables[i], "name", plain)
        for k, column in enumerate(table.columns):
            plain = f"c{column.id}"
            if column.name != plain:
                yield lambda d, i=i, k=k, plain=plain: setattr(d.tables[i].columns[k], "name", plain)
            for part, empty in (("default", None), ("identity", None), ("not_null", False), ("generated", None)):
                if getattr(column, part) != empty and (part != "generated"):
                    yield lambda d, i=i, k=k, part=part, empty=empty: setattr(d.tables[i].columns[k], part, empty)
            for n, value in enumerate(column.values):
                if value != "NULL" and not column.not_null:
                    yield lambda d, i=i, k=k, n=n: d.tables[i].columns[k].values.__setitem__(n, "NULL")


def shrink(database, fails, limit=300):
    """The smallest database found for which fails(database); at most `limit` are tried."""
    tries = itertools.count()
    again = True
    while again:
        again = False
        for change in list(candidates(database)):
            smaller = clone(database)
            try:
                change(smaller)
            except (IndexError, StopIteration):
                continue  # of a part that is gone
            if next(tries) >= limit:
                return database
            if fails(smaller):
                database, again = smaller, True
                break
    return database
