"""What the catalogues of a database hold, asked by queries of our own: each object by kind, table and name, with its definition.

Shares no code with vecferry, and no query: it is what the plan's account of a source is counted against, and what a database that came back is compared with. The kinds are called as the plan calls them. A table of another
schema than the usual one is called schema_table, as a database without schemas has it. A column that is computed for full-text search belongs to its index, and a sequence that one column counts by to that column's default. What a
view says may be written one way or another: it is compared by its rows.
"""

import re
import sqlite3

import duckdb
import psycopg

OURS = "vecferry_"


def read(url):
    """(kind, table or '', name) -> definition."""
    if url.startswith("postgresql://"):
        return read_postgres(url)
    return read_duckdb(url.removeprefix("duckdb:")) if url.startswith("duckdb:") else read_sqlite(url)


POSTGRES = {
    "table": "SELECT '', {c}, relpersistence::text FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition AND {mine}",
    "column": "SELECT {c}, attname, format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END || attidentity::text || CASE WHEN attcollation <> t.typcollation THEN attcollation::text ELSE '' END"
              " FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid"
              " WHERE relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0 AND NOT attisdropped AND NOT (attgenerated <> '' AND atttypid = 'tsvector'::regtype) AND {mine}",
    # Constraints since PostgreSQL 18; those of a key are the key's.
    "not null": "SELECT {c}, attname, '' FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND attnum = conkey[1]"
                " WHERE contype = 'n' AND NOT relispartition AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary AND attnum = ANY (indkey)) AND {mine}",
    "constraint names": "SELECT {c}, {c}, string_agg(conname, ',' ORDER BY conname) FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid"
                        " WHERE contype = 'n' AND conislocal AND conname NOT LIKE '%\\_not\\_null%' AND NOT relispartition AND {mine} GROUP BY c.oid, c.relname, c.relnamespace",
    "default": "SELECT {c}, attname, pg_get_expr(adbin, adrelid) FROM pg_attrdef d JOIN pg_attribute a ON attrelid = adrelid AND attnum = adnum JOIN pg_class c ON c.oid = attrelid"
               " WHERE attgenerated = '' AND NOT relispartition AND pg_get_expr(adbin, adrelid) !~ '^NULL::' AND {mine}",  # that is as good as none
    "identity": "SELECT {c}, attname, '' FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attidentity <> '' AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') AND NOT relispartition AND {mine}",
    "generation expression": "SELECT {c}, attname, pg_get_expr(adbin, adrelid) || attgenerated::text FROM pg_attrdef d JOIN pg_attribute a ON attrelid = adrelid AND attnum = adnum JOIN pg_class c ON c.oid = attrelid"
                             " WHERE attgenerated <> '' AND atttypid <> 'tsvector'::regtype AND NOT relispartition AND {mine}",
    "{constraint}": "SELECT {c}, conname, pg_get_constraintdef(k.oid), contype::text FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE contype IN ('p', 'u', 'f', 'c', 'x') AND NOT relispartition AND {mine}"
                    # A domain's are those of its columns where a database has no domains.
                    " UNION ALL SELECT {c}, attname || ' ' || conname, pg_get_constraintdef(k.oid), 'c' FROM pg_constraint k JOIN pg_attribute ON atttypid = contypid JOIN pg_class c ON c.oid = attrelid"
                    " WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') AND contype = 'c' AND NOT relispartition AND {mine}",
    "index": "SELECT {c}, i.relname, CASE WHEN pg_get_indexdef(indexrelid) LIKE '%to_tsvector%' OR EXISTS (SELECT FROM pg_attribute w WHERE w.attrelid = indrelid AND w.attnum = ANY (indkey) AND w.attgenerated <> ''"
             " AND w.atttypid = 'tsvector'::regtype) THEN 'full-text ' ELSE '' END || regexp_replace(pg_get_indexdef(indexrelid), 'public\\.', '', 'g') FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class c ON c.oid = indrelid"
             " WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND {mine}",
    "view": "SELECT '', {c}, '' FROM pg_class c WHERE relkind = 'v' AND {mine}",
    "materialized view": "SELECT '', {c}, '' FROM pg_class c WHERE relkind = 'm' AND {mine}",
    "sequence": "SELECT '', {c}, (SELECT s::text FROM pg_sequences s WHERE s.sequencename = c.relname AND s.schemaname = n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'S' AND {mine}"
                " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.refobjsubid > 0)",
    "trigger": "SELECT {c}, tgname, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND tgparentid = 0 AND {mine}",
    "rule": "SELECT {c}, rulename, pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class WHERE rulename <> '_RETURN' AND {mine}",
    "row level security": "SELECT {c}, {c}, '' FROM pg_class c WHERE relrowsecurity AND {mine}",
    "unlogged table": "SELECT {c}, {c}, '' FROM pg_class c WHERE relpersistence = 'u' AND relkind = 'r' AND {mine}",
    "policy": "SELECT {c}, polname, '' FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE {mine}",
    "statistics": "SELECT '', stxname, '' FROM pg_statistic_ext s JOIN pg_class c ON c.oid = stxrelid WHERE {mine}",
    "{routine}": "SELECT '', proname, '', prokind::text FROM pg_proc p WHERE {mine_p} AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.objid = p.oid AND i.deptype = 'i')",
    "{type}": "SELECT '', typname, coalesce(format_type(typbasetype, typtypmod), '') || coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')"
              " || coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ',' ORDER BY conname) FROM pg_constraint k WHERE contypid = t.oid), ''), typtype::text"
              " FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid WHERE typtype IN ('e', 'd', 'r', 'c') AND (c.relkind IS NULL OR c.relkind = 'c') AND {mine_t}",
    "partition": "SELECT (SELECT relname FROM pg_class r WHERE r.oid = pg_partition_root(c.oid)), c.relname, '' FROM pg_class c WHERE relispartition AND relkind IN ('r', 'p', 'f') AND {mine}",
    "index of a partition": "SELECT {c}, i.relname, '' FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class c ON c.oid = indrelid WHERE c.relispartition AND c.relkind = 'r' AND i.oid NOT IN (SELECT inhrelid FROM pg_inherits) AND {mine}",
    "check of a partition": "SELECT {c}, conname, '' FROM pg_constraint JOIN pg_class c ON c.oid = conrelid WHERE contype = 'c' AND coninhcount = 0 AND relispartition AND {mine}",
    "partitioning": "SELECT {c}, {c}, '' FROM pg_partitioned_table JOIN pg_class c ON c.oid = partrelid WHERE NOT relispartition AND {mine}",
    "inheritance": "SELECT inhparent::regclass::text, {c}, '' FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relkind = 'r' AND NOT relispartition AND {mine}",
    "foreign table": "SELECT '', {c}, '' FROM pg_foreign_table JOIN pg_class c ON c.oid = ftrelid WHERE NOT relispartition AND {mine}",
    "schema": "SELECT '', nspname, '' FROM pg_namespace z WHERE oid >= 16384 AND nspname NOT LIKE 'pg\\_%' AND {own_z}",
    "collation": "SELECT '', collname, '' FROM pg_collation x WHERE {user_x}",
    "conversion": "SELECT '', conname, '' FROM pg_conversion x WHERE {user_x}",
    "operator": "SELECT '', oprname, '' FROM pg_operator x WHERE {user_x}",
    "operator class": "SELECT '', opcname, '' FROM pg_opclass x WHERE {user_x}",
    "operator family": "SELECT '', opfname, '' FROM pg_opfamily x WHERE {user_x}",
    "base type": "SELECT '', typname, '' FROM pg_type x WHERE typtype = 'b' AND typcategory <> 'A' AND {user_x}",
    "shell type": "SELECT '', typname, '' FROM pg_type x WHERE typtype = 'p' AND {user_x}",
    "cast": "SELECT '', castsource::regtype || ' as ' || casttarget::regtype, '' FROM pg_cast x WHERE {user_x}",
    "transform": "SELECT '', trftype::regtype::text, '' FROM pg_transform x WHERE {user_x}",
    "access method": "SELECT '', amname, '' FROM pg_am x WHERE {user_x}",
    "language": "SELECT '', lanname, '' FROM pg_language x WHERE {user_x}",
    "text search configuration": "SELECT '', cfgname, '' FROM pg_ts_config x WHERE {user_x}",
    "text search dictionary": "SELECT '', dictname, '' FROM pg_ts_dict x WHERE {user_x}",
    "text search parser": "SELECT '', prsname, '' FROM pg_ts_parser x WHERE {user_x}",
    "text search template": "SELECT '', tmplname, '' FROM pg_ts_template x WHERE {user_x}",
    "event trigger": "SELECT '', evtname, '' FROM pg_event_trigger x WHERE {user_x}",
    "publication": "SELECT '', pubname, '' FROM pg_publication x WHERE {user_x}",
    "subscription": "SELECT '', subname, '' FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "foreign data wrapper": "SELECT '', fdwname, '' FROM pg_foreign_data_wrapper x WHERE {user_x}",
    "foreign server": "SELECT '', srvname, '' FROM pg_foreign_server x WHERE {user_x}",
    "user mapping": "SELECT '', authorization_identifier || ' on ' || foreign_server_name, '' FROM information_schema.user_mappings",
    "extension": "SELECT '', extname, '' FROM pg_extension WHERE extname NOT IN ('plpgsql', 'vector')",
    "large objects": "SELECT '', count(*) || ' large objects', '' FROM pg_largeobject_metadata HAVING count(*) > 0",
    "default privileges": "SELECT '', rolname, '' FROM pg_default_acl JOIN pg_roles r ON r.oid = defaclrole",
    "privileges": "SELECT '', sum(n) || ' objects', '' FROM (SELECT count(*) AS n FROM pg_class c WHERE relacl IS NOT NULL AND {mine} UNION ALL SELECT count(*) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attacl IS NOT NULL AND {mine}"
                  " UNION ALL SELECT count(*) FROM pg_proc x WHERE proacl IS NOT NULL AND {user_x} UNION ALL SELECT count(*) FROM pg_type x WHERE typacl IS NOT NULL AND {user_x} UNION ALL SELECT count(*) FROM pg_namespace x WHERE nspacl IS NOT NULL AND {user_x}"
                  " UNION ALL SELECT count(*) FROM pg_namespace WHERE nspname = 'public' AND nspacl::text !~ CASE WHEN current_setting('server_version_num')::int < 150000 THEN '^{(\\w+)=UC/\\1,=UC/\\1}$' ELSE '^{(\\w+)=UC/\\1,=U/\\1}$' END"
                  " UNION ALL SELECT count(*) FROM pg_foreign_server x WHERE srvacl IS NOT NULL AND {user_x} UNION ALL SELECT count(*) FROM pg_database WHERE datacl IS NOT NULL AND datname = current_database()) counted HAVING sum(n) > 0",
    "owner": "SELECT DISTINCT '', pg_get_userbyid(owner), '' FROM (SELECT relowner AS owner FROM pg_class c WHERE relkind NOT IN ('i', 'I', 't', 'c') AND relname NOT LIKE 'vecferry\\_%' AND {mine} UNION ALL SELECT proowner FROM pg_proc p WHERE {mine_p}"
             " UNION ALL SELECT nspowner FROM pg_namespace x WHERE {user_x}) o WHERE owner <> (SELECT datdba FROM pg_database WHERE datname = current_database())",
    "database setting": "SELECT '', coalesce(rolname, 'all roles'), '' FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "security label": "SELECT '', objname, '' FROM pg_seclabels",
    "table setting": "SELECT {c}, {c}, '' FROM pg_class c LEFT JOIN pg_tables ON tablename = relname AND schemaname = c.relnamespace::regnamespace::name LEFT JOIN pg_class o ON o.oid = c.reltoastrelid WHERE c.relkind IN ('r', 'p', 'm') AND {mine}"
                     " AND (c.reloptions IS NOT NULL OR o.reloptions IS NOT NULL OR c.relreplident <> 'd' OR tablespace IS NOT NULL OR c.relforcerowsecurity OR c.reloftype <> 0 OR EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisclustered)"
                     " OR c.relam NOT IN (0, (SELECT oid FROM pg_am WHERE amname = 'heap')))",
    "column setting": "SELECT {c}, attname, '' FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relkind IN ('r', 'p', 'm') AND attnum > 0 AND NOT attisdropped AND NOT relispartition AND {mine}"
                      " AND (attstorage <> (SELECT typstorage FROM pg_type t WHERE t.oid = atttypid) OR attoptions IS NOT NULL OR coalesce(attstattarget, -1) >= 0 OR coalesce(to_json(a)->>'attcompression', '') <> '')",
    "index setting": "SELECT {c}, x.relname, '' FROM pg_index JOIN pg_class x ON x.oid = indexrelid JOIN pg_class c ON c.oid = indrelid JOIN pg_am m ON m.oid = x.relam WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND {mine}"
                     " AND (x.reltablespace <> 0 OR x.reloptions IS NOT NULL AND amname NOT IN ('hnsw', 'ivfflat'))",
    "constraint setting": "SELECT {c}, conname, '' FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE contype IN ('c', 'n') AND relkind IN ('r', 'p') AND NOT relispartition AND {mine}"
                          " AND pg_get_constraintdef(k.oid) ~ '( NO INHERIT| NOT VALID)$'",
    "type setting": "SELECT '', typname, '' FROM pg_type t LEFT JOIN pg_range ON rngtypid = t.oid WHERE {mine_t} AND (rngsubdiff <> 0 OR rngcanonical <> 0 OR EXISTS (SELECT FROM pg_opclass o WHERE o.oid = rngsubopc AND NOT opcdefault)"
                    " OR typtype = 'r' AND rngcollation NOT IN (0, 100) OR typtype = 'd' AND typcollation NOT IN (0, 100)"
                    " OR EXISTS (SELECT FROM pg_attribute JOIN pg_class k ON k.oid = attrelid WHERE relkind = 'c' AND attrelid = typrelid AND attcollation NOT IN (0, 100)))",
    "{comment}": "SELECT '', pg_describe_object(classoid, objoid, objsubid), description, 'other' FROM pg_description WHERE objoid >= 16384 AND NOT (classoid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class"
                 " WHERE oid = objoid AND relkind IN ('r', 'p') AND NOT relispartition)) AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = objoid AND e.classid = classoid AND e.deptype = 'e') AND classoid <> 'pg_extension'::regclass"
                 " UNION ALL SELECT '', 'database ' || current_database(), description, 'other' FROM pg_shdescription JOIN pg_database d ON d.oid = objoid AND classoid = 'pg_database'::regclass WHERE datname = current_database()",
    "comment": "SELECT {c}, coalesce(attname, ''), description FROM pg_description JOIN pg_class c ON c.oid = objoid AND classoid = 'pg_class'::regclass LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum = objsubid AND attnum > 0"
               " WHERE relkind IN ('r', 'p') AND NOT relispartition AND {mine}",
}
WORDS = {"{constraint}": {"p": "primary key", "u": "unique constraint", "f": "foreign key", "c": "check", "x": "exclusion constraint"},
         "{routine}": {"f": "function", "p": "procedure", "a": "aggregate", "w": "function"},
         "{comment}": {"other": "comment"},
         "{type}": {"e": "enum type", "d": "domain", "r": "range type", "c": "composite type"}}

WITH_SCHEMAS = ("cast", "transform", "{comment}")  # whose names are said with schemas


def read_postgres(url):
    found = {}
    mine = "{0}.{1}namespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = {0}.oid AND e.deptype = 'e')"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        for kind, query in POSTGRES.items():
            connection.execute("SET search_path = " + ("''" if kind in WITH_SCHEMAS else "public"))
            query = query.replace("{c}", "(SELECT CASE nspname WHEN 'public' THEN '' ELSE nspname || '_' END FROM pg_namespace s WHERE s.oid = c.relnamespace) || c.relname")
            for letter in "xz":
                own = f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = {letter}.oid AND e.classid = {letter}.tableoid AND e.deptype = 'e')"
                query = query.replace(f"{{user_{letter}}}", f"{letter}.oid >= 16384 AND {own}").replace(f"{{own_{letter}}}", own)
            query = query.replace("{mine}", mine.format("c", "rel")).replace("{mine_p}", mine.format("p", "pro")).replace("{mine_t}", mine.format("t", "typ"))
            for table, name, definition, *sort in connection.execute(query):
                if OURS not in (table or name):
                    if kind == "default" or sort[:1] == ["c"]:  # casts of literals are written one way or another
                        definition = re.sub(r"::(character varying|timestamp with(out)? time zone|double precision|\w+)(\(\d+\))?|[()]", "", re.sub(r"'(-?[\d.]+)'", r"\1", definition))
                    found[WORDS[kind][sort[0]] if sort else kind, table, name] = definition
    return found


def read_sqlite(path):
    found = {}
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'vecferry\\_%' ESCAPE '\\'").fetchall()
    virtual = {name: sql for kind, name, _, sql in objects if kind == "table" and sql.upper().startswith("CREATE VIRTUAL")}
    for kind, name, table, sql in objects:
        if kind == "table" and any(name.startswith(other + "_") for other in virtual):
            continue  # shadow tables of FTS5
        if name in virtual and not re.search(r"\bUSING\s+(fts\d|vec0)\b", sql, re.IGNORECASE):
            found["virtual table", "", name] = ""
        elif name in virtual:
            content = re.search(r"content\s*=\s*['\"]?(\w+)", sql)
            if not content:  # it holds its texts itself, and is a table besides
                found["table", "", name] = (False, False, False)
            found["index", content.group(1) if content else name, name] = re.sub(r"\s*/\*.*|[\s\"']", "", sql.split("USING", 1)[1]).lower()
        elif kind == "view":
            found["view", "", name] = ""
        elif kind == "trigger":
            is_of_index = any(re.search(rf"\b{other}\b", sql) for other in virtual)  # which it keeps in step
            found["trigger of an index" if is_of_index else "trigger", table, name] = sql
        elif kind == "index":
            found["index", table, name] = plain(sql.split(" ON ", 1)[1] + " unique" * ("UNIQUE" in sql.split(" ON ", 1)[0]))
        else:
            read_sqlite_table(connection, found, name, sql)
    for table, column, said in [(table, *clause) for kind, _, table, sql in objects if kind == "table" for clause in conflicts(sql)]:
        found["conflict clause", table, column] = said
    for name in ("user_version", "application_id"):
        if connection.execute(f"PRAGMA {name}").fetchone() != (0,):
            found["setting", "", name] = ""
    connection.close()
    return found


def conflicts(sql):
    """(column, what it does) of each ON CONFLICT that isn't the usual one; of several columns the first."""
    sql = re.sub(r"'(?:[^']|'')*'", "''", sql)
    for clause in re.finditer(r"(?:UNIQUE|PRIMARY\s+KEY)\s*\(\s*\"?(\w+)[^()]*\)\s*ON\s+CONFLICT\s+(\w+)|[(,]\s*\"?(\w+)\"?[^,()]*?ON\s+CONFLICT\s+(\w+)", sql, re.IGNORECASE):
        if (clause[2] or clause[4]).upper() != "ABORT":
            yield clause[1] or clause[3], clause[2] or clause[4]


def plain(sql):
    """Without what may be written one way or another: quotes around names, brackets, blanks, case; and a condition is written out as a comparison."""
    sql = re.sub(r"\bNOT (\w+)$", r"NOT \1 <> 0", {"TRUE": "1", "FALSE": "0"}.get(sql.upper(), sql))
    return re.sub(r" ?, ?", ", ", re.sub(r"[\s\"`()\[\]]+", " ", sql)).strip().lower()


def read_sqlite_table(connection, found, name, sql):
    options = sql.rsplit(")", 1)[1].upper()
    found["table", "", name] = ("WITHOUT ROWID" in options, "STRICT" in options, "AUTOINCREMENT" in sql.upper())
    for column, declared, not_null, default, key, hidden in connection.execute('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (name,)):
        found["column", name, column] = (declared.upper(), not_null)
        if default is not None and default.upper() != "NULL":  # which is as good as none
            found["default", name, column] = plain(default)
        if hidden in (2, 3):
            found["generation expression", name, column] = hidden
    unique = 0
    for _, index, _, origin, _ in connection.execute("SELECT * FROM pragma_index_list(?)", (name,)).fetchall():
        if origin != "c":
            columns = [row[0] for row in connection.execute("SELECT name FROM pragma_index_info(?)", (index,))]
            unique += origin == "u"
            found["unique constraint" if origin == "u" else "primary key", name, ",".join(columns)] = ""
    for _, column in sorted(connection.execute("SELECT pk, name FROM pragma_table_info(?) WHERE pk > 0", (name,))):
        if not any(kind == "primary key" and table == name for kind, table, _ in found):
            found["primary key", name, column] = ""
    keys = {}
    for number, _, parent, column, to, update, delete, *_ in connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,)):
        keys.setdefault(number, (parent, update, delete, [])) [3].append((column, to))
    for parent, update, delete, columns in keys.values():
        found["foreign key", name, ",".join(column for column, _ in columns)] = (parent, update, delete)
    bare = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*", "", sql)
    for number in range(len(re.findall(r"\bCHECK\s*\(", bare, re.IGNORECASE))):
        found["check", name, str(number)] = ""
    for column, collation in re.findall(r"[(,]\s*\"?(\w+)\"?[^,()]*(?:\([^()]*\)[^,()]*)*\bCOLLATE\s+\"?(\w+)", sql, re.IGNORECASE):
        found["collation", name, column] = collation.upper()


QUALIFIED = "CASE schema_name WHEN 'main' THEN '' ELSE schema_name || '_' END || table_name"
DUCKDB = {
    "table": "SELECT '', {t}, '' FROM duckdb_tables() WHERE NOT internal AND schema_name NOT LIKE 'fts_main_%'",
    "column": "SELECT {t}, column_name, data_type || CASE WHEN is_nullable THEN '' ELSE ' NOT NULL' END FROM duckdb_columns() JOIN duckdb_tables() USING (table_name, schema_name) WHERE schema_name NOT LIKE 'fts_main_%'",
    "default": "SELECT {t}, column_name, column_default FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_name, schema_name) WHERE column_default IS NOT NULL AND schema_name NOT LIKE 'fts_main_%'",
    "{constraint}": "SELECT {t}, array_to_string(constraint_column_names, ','), CASE constraint_type WHEN 'FOREIGN KEY' THEN constraint_text ELSE '' END, constraint_type"
                    " FROM duckdb_constraints() WHERE constraint_type <> 'NOT NULL' AND schema_name NOT LIKE 'fts_main_%'",
    "index": "SELECT {t}, index_name, sql FROM duckdb_indexes()",
    "full-text": "SELECT substr(schema_name, 10), schema_name, 'full-text' FROM duckdb_schemas() WHERE schema_name LIKE 'fts_main_%' AND database_name = current_database()",
    "view": "SELECT '', view_name, '' FROM duckdb_views() WHERE NOT internal",
    "sequence": "SELECT '', sequence_name, start_value || ' ' || increment_by FROM duckdb_sequences()",  # it is stored with its next value as its start
    "enum type": "SELECT '', type_name, labels::VARCHAR FROM duckdb_types() WHERE NOT internal AND logical_type = 'ENUM' AND database_name = current_database()",
    "macro": "SELECT '', function_name, macro_definition FROM duckdb_functions() WHERE NOT internal AND function_type = 'macro' AND schema_name NOT LIKE 'fts_main_%'",
    "table macro": "SELECT '', function_name, macro_definition FROM duckdb_functions() WHERE NOT internal AND function_type = 'table_macro'",
    "type": "SELECT '', type_name, '' FROM duckdb_types() WHERE NOT internal AND logical_type <> 'ENUM' AND database_name = current_database()",
    "schema": "SELECT '', schema_name, '' FROM duckdb_schemas() WHERE NOT internal AND database_name = current_database() AND schema_name NOT IN ('main', 'pg_catalog', 'information_schema') AND schema_name NOT LIKE 'fts_main_%'",
    "{comment}": "SELECT DISTINCT '', name, comment, 'other' FROM (SELECT 'view ' || view_name AS name, comment FROM duckdb_views() WHERE NOT internal UNION ALL SELECT 'index ' || index_name, comment FROM duckdb_indexes()"
                 " UNION ALL SELECT 'sequence ' || sequence_name, comment FROM duckdb_sequences() UNION ALL SELECT 'type ' || type_name, comment FROM duckdb_types() WHERE NOT internal"
                 " UNION ALL SELECT 'macro ' || function_name, comment FROM duckdb_functions() WHERE NOT internal UNION ALL SELECT 'schema ' || schema_name, comment FROM duckdb_schemas() WHERE NOT internal) WHERE comment IS NOT NULL",
    "comment": "SELECT {t}, '', comment FROM duckdb_tables() WHERE comment IS NOT NULL UNION ALL SELECT {t}, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL AND NOT internal",
}


def read_duckdb(path):
    found = {}
    connection = duckdb.connect(path, read_only=True)
    computed = {row[:2] for row in connection.execute(f"SELECT {QUALIFIED}, column_name FROM duckdb_columns() WHERE NOT internal AND column_default IS NOT NULL").fetchall()}
    types = {row[:2]: row[2] for row in connection.execute(f"SELECT {QUALIFIED}, column_name, data_type FROM duckdb_columns() WHERE NOT internal").fetchall()}
    texts = dict(connection.execute(f"SELECT {QUALIFIED}, sql FROM duckdb_tables()").fetchall())
    for kind, query in DUCKDB.items():
        for table, name, definition, *sort in connection.execute(query.replace("{t}", QUALIFIED)).fetchall():
            if OURS in (table or name):
                continue
            if kind == "default" and (table, name) in computed and re.search(rf'[(,] *"?{re.escape(name)}"? \w+(\([^)]*\))? GENERATED ALWAYS AS', texts[table]):
                found["generation expression", table, name] = definition
            elif kind == "default" and definition.upper() == "NULL":  # which is as good as none
                continue
            elif kind == "default":
                found[kind, table, name] = default_of(connection, definition, types[table, name])
            elif sort == ["other"]:
                found["comment", table, name] = definition
            elif sort:
                word = sort[0].lower().replace("unique", "unique constraint")
                if word == "check":  # which has no name of its own
                    name = ",".join(dict.fromkeys(name.split(","))) + f" {sum(k == word and t == table for k, t, _ in found)}"
                found[word, table, name] = definition
            else:
                found["index" if kind == "full-text" else kind, table, name] = definition
    served = " ".join(definition for (kind, _, _), definition in found.items() if kind == "default")
    for key in [key for key in found if key[0] == "sequence" and key[2] in served]:
        found["sequence of a column", "", key[2]] = found.pop(key)
    connection.close()
    return found


def default_of(connection, text, type_name):
    """What a row gets: its value, or where that is another one each time, the call."""
    if re.search(r"\(\)|\bcurrent_|nextval", text):
        return re.sub(r"current_timestamp|get_current_timestamp\(\)", "now()", text.replace('"', "").replace("main.", ""))
    return repr(connection.execute(f"SELECT CAST({text} AS {type_name})::VARCHAR").fetchone()[0])
