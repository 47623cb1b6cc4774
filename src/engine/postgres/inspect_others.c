/* Everything that is only named: each kind of object of a database that isn't a table, a key, an index, a type or a sequence. */
#include <string.h>

#include "engine/postgres/expression.h"
#include "engine/postgres/inspect.h"
#include "engine/store.h"

/*
 * How one kind is found. Names, texts and conditions are SQL over `from`; search_path is empty, so that catalogues and their functions are found by their bare names and nothing else is.
 * With `n` (pg_namespace) in it only schemas of users count; what belongs to an extension doesn't, which is named as a whole.
 */
struct other_kind {
    const char *kind;
    const char *name;         /* of type text, as all of these */
    const char *on, *text;    /* NULL: none */
    const char *from, *where; /* where NULL: all */
    const char *catalog, *id; /* where pg_depend knows it from; NULL: it can't belong to an extension */
    bool is_global;           /* in no schema */
    const char *why;          /* NULL: objects of the kind aren't translated */
};

#define IN_SCHEMA(column) " JOIN pg_namespace n ON n.oid = " column
#define OF_TABLE(column)  " JOIN pg_class c ON c.oid = " column IN_SCHEMA("c.relnamespace")
#define OF_USERS          "16384" /* the first OID that isn't the system's: FirstNormalObjectId */

#define THIS_DATABASE(column) "(SELECT b." column " FROM pg_database b WHERE b.datname = current_database())"

static const char users_why[] = "the users of one server aren't those of another";
static const char storage_why[] = "how a database stores and looks after its rows is its own";

#define TABLE_SETTINGS                                                                                                 \
    " CROSS JOIN LATERAL (SELECT concat_ws(', ', array_to_string(c.reloptions, ', '), (SELECT 'toast: ' || "           \
    "array_to_string(o.reloptions, ', ') FROM pg_class o WHERE o.oid = c.reltoastrelid), CASE c.relreplident WHEN "    \
    "'f' THEN 'REPLICA IDENTITY FULL' WHEN 'n' THEN 'REPLICA IDENTITY NOTHING' WHEN 'i' THEN (SELECT 'REPLICA "        \
    "IDENTITY USING INDEX ' || x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = "  \
    "c.oid AND i.indisreplident) END, (SELECT 'TABLESPACE ' || p.spcname FROM pg_tablespace p WHERE p.oid = "          \
    "c.reltablespace), (SELECT 'USING ' || m.amname FROM pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap'), "      \
    "(SELECT 'CLUSTER ON ' || x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = "   \
    "c.oid AND i.indisclustered), CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END, CASE WHEN "     \
    "c.reloftype <> 0 THEN 'OF ' || format_type(c.reloftype, NULL) END) AS said) s"
#define COLUMN_SETTINGS                                                                                                \
    " CROSS JOIN LATERAL (SELECT concat_ws(', ', CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE ' || CASE "      \
    "a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END, CASE "  \
    "to_jsonb(a)->>'attcompression' WHEN 'l' THEN 'COMPRESSION lz4' WHEN 'p' THEN 'COMPRESSION pglz' END, CASE WHEN "  \
    "a.attstattarget > -1 THEN 'STATISTICS ' || a.attstattarget END, array_to_string(a.attoptions, ', ')) AS said) s"
/* Those of vector indexes are read with them. */
#define INDEX_SETTINGS                                                                                                 \
    " CROSS JOIN LATERAL (SELECT concat_ws(', ', CASE WHEN m.amname NOT IN ('hnsw', 'ivfflat') THEN "                  \
    "array_to_string(x.reloptions, ', ') END, (SELECT 'TABLESPACE ' || p.spcname FROM pg_tablespace p WHERE p.oid = "  \
    "x.reltablespace)) AS said) s"
#define TYPE_SETTINGS                                                                                                  \
    " CROSS JOIN LATERAL (SELECT concat_ws(', ', (SELECT concat_ws(', ', CASE WHEN r.rngcollation <> b.typcollation "  \
    "THEN 'COLLATION ' || r.rngcollation::regcollation END, (SELECT 'SUBTYPE_OPCLASS ' || o.opcname FROM pg_opclass "  \
    "o WHERE o.oid = r.rngsubopc AND NOT o.opcdefault), 'CANONICAL ' || nullif(r.rngcanonical::oid, "                  \
    "0::oid)::regproc, "                                                                                               \
    "'SUBTYPE_DIFF ' || nullif(r.rngsubdiff::oid, 0::oid)::regproc) FROM pg_range r JOIN pg_type b ON b.oid = "        \
    "r.rngsubtype "                                                                                                    \
    "WHERE r.rngtypid = t.oid), (SELECT 'COLLATION ' || t.typcollation::regcollation FROM pg_type b WHERE b.oid = "    \
    "t.typbasetype AND t.typtype = 'd' AND t.typcollation <> b.typcollation), (SELECT string_agg(a.attname || ' "      \
    "COLLATION ' || a.attcollation::regcollation, ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_class c ON "     \
    "c.oid = a.attrelid JOIN pg_type f ON f.oid = a.atttypid WHERE a.attrelid = t.typrelid AND c.relkind = 'c' AND "   \
    "a.attcollation <> f.typcollation)) AS said) s"

/* Of whom something is that isn't the database's owner's; but `public`, which is so from the beginning. */
#define OWNED                                                                                                          \
    "(SELECT pg_get_userbyid(o.owner) AS role, string_agg(pg_describe_object(o.class, o.id, 0), ', ' ORDER BY "        \
    "o.class, o.id) AS said FROM (SELECT 'pg_class'::regclass AS class, oid AS id, relowner AS owner FROM pg_class "   \
    "WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND left(relname, 9) <> '" VF_STORE_PREFIX "' UNION ALL SELECT "  \
    "'pg_proc'::regclass, oid, proowner FROM pg_proc UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner FROM "   \
    "pg_namespace WHERE nspname <> 'public') o WHERE o.id >= " OF_USERS                                                \
    " AND o.owner <> " THIS_DATABASE("datdba") " AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = o.class "   \
                                               "AND x.objid = o.id AND x.deptype IN ('e', "                            \
                                               "'i')) GROUP BY 1) o"
/* Beyond those that an object has from the beginning; the system's own objects aren't looked at, but the schema `public`. */
#define GRANTED                                                                                                        \
    "(SELECT count(*) AS n_objects, string_agg(pg_describe_object(o.class, o.id, o.sub) || ' ' || o.acl::text, ' ' "   \
    "ORDER BY o.class, o.id, o.sub) AS said FROM (SELECT 'pg_class'::regclass AS class, oid AS id, 0 AS sub, relacl "  \
    "AS acl FROM pg_class UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, attacl FROM pg_attribute UNION "    \
    "ALL SELECT 'pg_namespace'::regclass, oid, 0, nspacl FROM pg_namespace UNION ALL SELECT 'pg_proc'::regclass, "     \
    "oid, 0, proacl FROM pg_proc UNION ALL SELECT 'pg_type'::regclass, oid, 0, typacl FROM pg_type UNION ALL SELECT "  \
    "'pg_language'::regclass, oid, 0, lanacl FROM pg_language UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, "  \
    "oid, 0, fdwacl FROM pg_foreign_data_wrapper UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0, srvacl FROM " \
    "pg_foreign_server UNION ALL SELECT 'pg_largeobject'::regclass, oid, 0, lomacl FROM pg_largeobject_metadata "      \
    "UNION ALL SELECT 'pg_database'::regclass, oid, 0, datacl FROM pg_database WHERE datname = current_database()) "   \
    "o WHERE o.acl IS NOT NULL AND (o.id >= " OF_USERS " OR o.class = 'pg_database'::regclass OR (o.class = "          \
    "'pg_namespace'::regclass AND o.id = to_regnamespace('public'))) AND NOT EXISTS (SELECT FROM pg_init_privs i "     \
    "WHERE "                                                                                                           \
    "i.classoid = o.class AND i.objoid = o.id AND i.objsubid = o.sub AND i.initprivs::text = o.acl::text) AND NOT "    \
    "EXISTS (SELECT FROM pg_depend x WHERE x.classid = o.class AND x.objid = o.id AND x.deptype = 'e')) p"

static const struct other_kind kinds[] = {
/* ---- that show rows ---- */
#define VIEW(where, why)                                                                                               \
    {                                                                                                                  \
        "view", "c.relname", NULL, "pg_get_viewdef(c.oid)", "pg_class c" IN_SCHEMA("c.relnamespace"), where,           \
            "pg_class", "c.oid", false, why                                                                            \
    }
#define HAS_OPTION(name)                                                                                               \
    "EXISTS (SELECT FROM unnest(c.reloptions) o WHERE o LIKE '" name "=%' AND o NOT LIKE '%=false')"
    VIEW("c.relkind = 'v' AND " HAS_OPTION("check_option"),
         "it has a check option, by which rows that are written through it are checked"),
    VIEW("c.relkind = 'v' AND NOT " HAS_OPTION("check_option") " AND " HAS_OPTION("security_barrier"),
         "it has security_barrier, which keeps rows from functions of those who read it"),
    VIEW("c.relkind = 'v' AND NOT " HAS_OPTION("check_option") " AND NOT " HAS_OPTION(
             "security_barrier") " AND " HAS_OPTION("security_invoker"),
         "it has security_invoker, by which its reader's own rights count"),
    VIEW("c.relkind = 'v' AND NOT " HAS_OPTION("check_option") " AND NOT " HAS_OPTION(
             "security_barrier") " AND NOT " HAS_OPTION("security_invoker"),
         NULL),
    {"materialized view", "c.relname", NULL, "pg_get_viewdef(c.oid)", "pg_class c" IN_SCHEMA("c.relnamespace"),
     "c.relkind = 'm'", "pg_class", "c.oid", false,
     "its rows are moved as a table's when the plan asks for that: --as-table"},
    {"foreign table", "c.relname", NULL,
     "(SELECT 'server ' || v.srvname || E'\\ncolumns ' || coalesce(string_agg(a.attname || ' ' || "
     "format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum), '') FROM pg_foreign_table f JOIN "
     "pg_foreign_server "
     "v ON v.oid = f.ftserver LEFT JOIN pg_attribute a ON a.attrelid = f.ftrelid AND a.attnum > 0 AND NOT "
     "a.attisdropped WHERE f.ftrelid = c.oid GROUP BY v.srvname)",
     "pg_class c" IN_SCHEMA("c.relnamespace"), "c.relkind = 'f' AND NOT c.relispartition", "pg_class", "c.oid", false,
     "its rows are those of another database: move them from there"},

    /* ---- of tables ---- */
    /* How they are partitioned, whom they inherit from and that they are unlogged is said by the plan. */
    {"partition being detached", "c.relname", "p.relname", NULL,
     "pg_inherits i JOIN pg_class p ON p.oid = i.inhparent" OF_TABLE("i.inhrelid"),
     "c.relispartition AND coalesce((to_jsonb(i)->>'inhdetachpending')::boolean, false)", "pg_class", "c.oid", false,
     "its rows are no longer those of the table, and not yet a table's: let DETACH PARTITION end"},
    {"index of a partition", "x.relname", "c.relname", "pg_get_indexdef(x.oid)",
     "pg_index i JOIN pg_class x ON x.oid = i.indexrelid" OF_TABLE("i.indrelid"),
     "c.relispartition AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = x.oid) AND c.relkind = 'r'",
     "pg_class", "c.oid", false, "the table is moved as one, and the index is of one of its partitions"},
    {"check of a partition", "k.conname", "c.relname", "pg_get_constraintdef(k.oid)",
     "pg_constraint k" OF_TABLE("k.conrelid"), "c.relispartition AND k.contype = 'c' AND k.coninhcount = 0", "pg_class",
     "c.oid", false, "the table is moved as one, and the check is of one of its partitions"},
    {"constraint setting", "k.conname", "c.relname", "pg_get_constraintdef(k.oid)",
     "pg_constraint k" OF_TABLE("k.conrelid"),
     "k.contype IN ('c', 'n') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (k.connoinherit OR NOT "
     "k.convalidated) AND coalesce((to_jsonb(k)->>'conenforced')::boolean, true)",
     "pg_class", "c.oid", false,
     "the rule is moved, but not that tables which inherit don't have it (NO INHERIT), or that older rows may break it "
     "(NOT VALID)"},
    {"row level security", "c.relname", "c.relname", NULL, "pg_class c" IN_SCHEMA("c.relnamespace"), "c.relrowsecurity",
     "pg_class", "c.oid", false, "all rows are moved, without the protection"},
    {"policy", "p.polname", "c.relname", "pg_get_expr(p.polqual, p.polrelid)", "pg_policy p" OF_TABLE("p.polrelid"),
     NULL, NULL, NULL, false, NULL},
    {"trigger", "t.tgname", "c.relname", "pg_get_triggerdef(t.oid)", "pg_trigger t" OF_TABLE("t.tgrelid"),
     "NOT t.tgisinternal AND t.tgparentid = 0", "pg_trigger", "t.oid", false, NULL},
    {"rule", "r.rulename", "c.relname", "pg_get_ruledef(r.oid)", "pg_rewrite r" OF_TABLE("r.ev_class"),
     "r.rulename <> '_RETURN'", "pg_rewrite", "r.oid", false, NULL},
    {"statistics", "s.stxname", "c.relname", "pg_get_statisticsobjdef(s.oid)",
     "pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid" IN_SCHEMA("s.stxnamespace"), NULL, "pg_statistic_ext",
     "s.oid", false, NULL},

    {"default", "a.attname", "c.relname", "pg_get_expr(d.adbin, d.adrelid)",
     "pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum" OF_TABLE("d.adrelid"),
     "c.relkind IN ('v', 'f')", "pg_class", "c.oid", false,
     "it is of a view or a foreign table, for rows that are "
     "written through it"},

    /* ---- how things are stored and kept: it changes no row, and is the database's own ---- */
    {"table setting", "c.relname", "c.relname", "s.said", "pg_class c" IN_SCHEMA("c.relnamespace") TABLE_SETTINGS,
     "c.relkind IN ('r', 'p', 'm') AND s.said <> ''", "pg_class", "c.oid", false, storage_why},
    {"column setting", "a.attname", "c.relname", "s.said",
     "pg_attribute a JOIN pg_type t ON t.oid = a.atttypid" OF_TABLE("a.attrelid") COLUMN_SETTINGS,
     "c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND s.said <> ''",
     "pg_class", "c.oid", false, storage_why},
    {"index setting", "x.relname", "c.relname", "s.said",
     "pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam" OF_TABLE("i.indrelid")
         INDEX_SETTINGS,
     "c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND s.said <> ''", "pg_class", "c.oid", false, storage_why},

    /* ---- code ---- */
    {"function", "p.proname", NULL, "pg_get_functiondef(p.oid)", "pg_proc p" IN_SCHEMA("p.pronamespace"),
     "p.prokind IN ('f', 'w') AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND "
     "x.objid "
     "= p.oid AND x.deptype = 'i')",
     "pg_proc", "p.oid", false, NULL},
    {"procedure", "p.proname", NULL, "pg_get_functiondef(p.oid)", "pg_proc p" IN_SCHEMA("p.pronamespace"),
     "p.prokind = 'p'", "pg_proc", "p.oid", false, NULL},
    {"aggregate", "p.proname", NULL, NULL, "pg_proc p" IN_SCHEMA("p.pronamespace"), "p.prokind = 'a'", "pg_proc",
     "p.oid", false, NULL},
    {"event trigger", "e.evtname", NULL, "'on ' || e.evtevent || ' execute ' || e.evtfoid::regprocedure",
     "pg_event_trigger e", NULL, "pg_event_trigger", "e.oid", true, NULL},
    {"language", "l.lanname", NULL, NULL, "pg_language l", "l.oid >= " OF_USERS, "pg_language", "l.oid", true, NULL},

    /* ---- what types and queries are made of ---- */
    {"collation", "l.collname", NULL, NULL, "pg_collation l" IN_SCHEMA("l.collnamespace"), NULL, "pg_collation",
     "l.oid", false, NULL},
    {"conversion", "v.conname", NULL, NULL, "pg_conversion v" IN_SCHEMA("v.connamespace"), NULL, "pg_conversion",
     "v.oid", false, NULL},
    {"operator", "o.oprname", NULL, NULL, "pg_operator o" IN_SCHEMA("o.oprnamespace"), NULL, "pg_operator", "o.oid",
     false, NULL},
    {"operator class", "o.opcname", NULL, NULL, "pg_opclass o" IN_SCHEMA("o.opcnamespace"), NULL, "pg_opclass", "o.oid",
     false, NULL},
    {"operator family", "o.opfname", NULL, NULL, "pg_opfamily o" IN_SCHEMA("o.opfnamespace"), NULL, "pg_opfamily",
     "o.oid", false, NULL},
    {"base type", "t.typname", NULL, NULL, "pg_type t" IN_SCHEMA("t.typnamespace"),
     "t.typtype = 'b' AND t.typelem = 0 AND t.typisdefined", "pg_type", "t.oid", false, NULL},
    {"shell type", "t.typname", NULL, NULL, "pg_type t" IN_SCHEMA("t.typnamespace"), "NOT t.typisdefined", "pg_type",
     "t.oid", false, "it is only a name"},
    {"type setting", "t.typname", NULL, "s.said", "pg_type t" IN_SCHEMA("t.typnamespace") TYPE_SETTINGS, "s.said <> ''",
     "pg_type", "t.oid", false, "the type is made without it, where it is made"},
    {"cast", "format_type(s.castsource, NULL) || ' as ' || format_type(s.casttarget, NULL)", NULL, NULL, "pg_cast s",
     "s.oid >= " OF_USERS, "pg_cast", "s.oid", true, NULL},
    {"transform", "format_type(s.trftype, NULL)", NULL, NULL, "pg_transform s", "s.oid >= " OF_USERS, "pg_transform",
     "s.oid", true, NULL},
    {"access method", "a.amname", NULL, NULL, "pg_am a", "a.oid >= " OF_USERS, "pg_am", "a.oid", true, NULL},
    {"text search configuration", "s.cfgname", NULL,
     "(SELECT 'parser ' || p.prsname || coalesce((SELECT string_agg(E'\\n' || t.alias || ' with ' || "
     "m.mapdict::regdictionary, '' "
     "ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m JOIN ts_token_type(s.cfgparser) t ON t.tokid = "
     "m.maptokentype WHERE m.mapcfg = s.oid), '') FROM pg_ts_parser p WHERE p.oid = s.cfgparser)",
     "pg_ts_config s" IN_SCHEMA("s.cfgnamespace"), NULL, "pg_ts_config", "s.oid", false, NULL},
    {"text search dictionary", "s.dictname", NULL, "s.dictinitoption", "pg_ts_dict s" IN_SCHEMA("s.dictnamespace"),
     NULL, "pg_ts_dict", "s.oid", false, NULL},
    {"text search parser", "s.prsname", NULL, NULL, "pg_ts_parser s" IN_SCHEMA("s.prsnamespace"), NULL, "pg_ts_parser",
     "s.oid", false, NULL},
    {"text search template", "s.tmplname", NULL, NULL, "pg_ts_template s" IN_SCHEMA("s.tmplnamespace"), NULL,
     "pg_ts_template", "s.oid", false, NULL},

    /* ---- of the database as a whole ---- */
    {"extension", "e.extname", NULL, "'version ' || e.extversion", "pg_extension e",
     "e.extname NOT IN ('plpgsql', 'vector')", NULL, NULL, true,
     "only pgvector is made in a target; the types of others must be there"},
    {"publication", "p.pubname", NULL,
     "CASE WHEN p.puballtables THEN 'all tables' ELSE 'tables ' || coalesce((SELECT "
     "string_agg(r.prrelid::regclass::text, "
     "', ' ORDER BY r.prrelid) FROM pg_publication_rel r WHERE r.prpubid = p.oid), 'none') END",
     "pg_publication p", NULL, "pg_publication", "p.oid", true, NULL},
    /* The connection of a subscription, and the options of servers and users, may hold passwords: they aren't read. */
    {"subscription", "s.subname", NULL, "'publications ' || array_to_string(s.subpublications, ', ')",
     "pg_subscription s", "s.subdbid = " THIS_DATABASE("oid"), NULL, NULL, true, NULL},
    {"foreign data wrapper", "w.fdwname", NULL, NULL, "pg_foreign_data_wrapper w", NULL, "pg_foreign_data_wrapper",
     "w.oid", true, NULL},
    {"foreign server", "s.srvname", NULL,
     "(SELECT 'foreign data wrapper ' || w.fdwname || coalesce(' type ' || s.srvtype, '') || coalesce(' version ' || "
     "s.srvversion, '') FROM pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw)",
     "pg_foreign_server s", NULL, "pg_foreign_server", "s.oid", true, NULL},
    {"user mapping", "m.usename || ' on ' || m.srvname", NULL, NULL, "pg_user_mappings m", NULL, NULL, NULL, true,
     users_why},
    {"default privileges", "pg_get_userbyid(d.defaclrole)", NULL, "d.defaclacl", "pg_default_acl d", NULL, NULL, NULL,
     true, "the users of one server aren't those of another"},
    {"privileges", "p.n_objects || ' objects'", NULL, "p.said", GRANTED, "p.n_objects > 0", NULL, NULL, true,
     users_why},
    {"owner", "o.role", NULL, "o.said", OWNED, NULL, NULL, NULL, true, users_why},
    /* Values of settings may be secrets of an application. */
    {"database setting", "coalesce(r.rolname, 'all roles')", NULL,
     "(SELECT string_agg(split_part(o, '=', 1), ', ') FROM unnest(s.setconfig) o)",
     "pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole", "s.setdatabase = " THIS_DATABASE("oid"), NULL,
     NULL, true, "it is of the database, and not of what it holds"},
    {"schema", "z.nspname", NULL, NULL, "pg_namespace z",
     "left(z.nspname, 3) <> 'pg_' AND z.nspname NOT IN ('public', 'information_schema') AND NOT EXISTS (SELECT FROM "
     "pg_class c WHERE c.relnamespace = z.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S')) AND NOT EXISTS (SELECT FROM "
     "pg_type t WHERE t.typnamespace = z.oid AND t.typtype IN ('e', 'd', 'r', 'c'))",
     "pg_namespace", "z.oid", true, "there is nothing in it that could be moved"},
    {"large objects", "l.n_objects || ' large objects'", NULL, NULL,
     "(SELECT count(*) AS n_objects FROM pg_largeobject_metadata) l", "l.n_objects > 0", NULL, NULL, true, NULL},
    {"comment", "pg_describe_object(d.classoid, d.objoid, d.objsubid)", NULL, "d.description",
     "pg_description d LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid LEFT JOIN "
     "pg_namespace s ON s.oid = c.relnamespace",
     "d.objoid >= " OF_USERS
     " AND (coalesce(c.relkind, 'v') NOT IN ('r', 'p') OR c.relispartition) AND coalesce(s.nspname, '') NOT LIKE "
     "'pg\\_%' AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = d.classoid AND x.objid = d.objoid AND "
     "x.deptype = 'e') AND d.classoid <> 'pg_extension'::regclass",
     NULL, NULL, true, "only comments on tables and columns are moved"},
    {"comment", "'database ' || current_database()", NULL, "d.description", "pg_shdescription d",
     /* initdb's own, of the database "postgres" */
     "d.classoid = 'pg_database'::regclass AND d.objoid = " THIS_DATABASE("oid") " AND d.description <> 'default "
                                                                                 "administrative connection database'",
     NULL, NULL, true, "only comments on tables and columns are moved"},
    {"security label", "pg_describe_object(l.classoid, l.objoid, l.objsubid)", NULL, "l.label", "pg_seclabel l", NULL,
     NULL, NULL, true, NULL},
};

static void add_column(struct vf_buf *sql, const char *expression)
{
    vf_buf_str(sql, ", (");
    vf_buf_str(sql, expression != NULL ? expression : "NULL");
    vf_buf_str(sql, ")::text");
}

static void write_query(const struct other_kind *kind, size_t number, struct vf_buf *sql)
{
    vf_buf_printf(sql, "SELECT %zu", number);
    add_column(sql, kind->is_global ? NULL : "n.nspname");
    add_column(sql, kind->name);
    add_column(sql, kind->on);
    add_column(sql, kind->text);
    vf_buf_str(sql, " FROM ");
    vf_buf_str(sql, kind->from);
    vf_buf_str(sql, " WHERE ");
    vf_buf_str(sql, kind->where != NULL ? kind->where : "true");
    if (!kind->is_global)
        vf_buf_str(sql, " AND n.nspname <> 'information_schema' AND left(n.nspname::text, 3) <> 'pg_'");
    if (kind->catalog == NULL)
        return;
    vf_buf_str(sql, " AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' AND x.classid = '");
    vf_buf_str(sql, kind->catalog);
    vf_buf_str(sql, "'::regclass AND x.objid = ");
    vf_buf_str(sql, kind->id);
    vf_buf_char(sql, ')');
}

/* All kinds in one question: a far server is asked once. */
static void write_union(struct vf_buf *sql)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        vf_buf_str(sql, i > 0 ? " UNION ALL " : "");
        write_query(&kinds[i], i, sql);
    }
    vf_buf_str(sql, " ORDER BY 1, 2, 3, 4");
}

static enum vf_status add_other(struct vf_pg_inspection *inspection, const PGresult *result, int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    const struct other_kind *kind = &kinds[vf_pg_i64(result, row, 0, 0)];
    bool is_table =
        strcmp(kind->kind, "materialized view") == 0 &&
        vf_schema_find_table(inspection->schema, vf_pg_str(result, row, 1), vf_pg_str(result, row, 2)) != NULL;
    if (is_table)
        return VF_OK;
    struct vf_other *other = vf_schema_add_other(inspection->schema);
    if (other == NULL)
        return vf_error_nomem(inspection->err);
    *other = (struct vf_other){
        .kind = kind->kind,
        .schema = vf_pg_copy(result, row, 1, arena),
        .name = vf_pg_copy(result, row, 2, arena),
        .on = vf_pg_copy(result, row, 3, arena),
        .text = vf_pg_copy(result, row, 4, arena),
        .why = kind->why,
        .dialect = strcmp(kind->kind, "view") == 0 ? vf_pg_dialect.name : NULL,
    };
    return other->name != NULL ? VF_OK : vf_error_nomem(inspection->err);
}

enum vf_status vf_pg_inspect_others(struct vf_pg_inspection *inspection)
{
    struct vf_buf sql;
    PGresult *result = NULL;
    vf_buf_init(&sql, VF_BUF_MAX);
    write_union(&sql);
    enum vf_status status = vf_pg_query_buf(inspection->conn, &sql, &result, inspection->err);
    vf_buf_release(&sql);
    int n = status == VF_OK ? PQntuples(result) : 0;
    for (int row = 0; row < n && status == VF_OK; row++)
        status = add_other(inspection, result, row);
    PQclear(result);
    return status;
}
