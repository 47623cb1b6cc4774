/*
 * What is asked of the catalogue about every table: the texts, in one place, so that an engine to which a question is a way there and back can ask them for many tables at once.
 *
 * ?1 is the table's name as a text.
 */
#ifndef VF_ENGINE_SQLITESQL_QUESTIONS_H
#define VF_ENGINE_SQLITESQL_QUESTIONS_H

#define VF_SQLITE_ASK_KIND "SELECT wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE"
#define VF_SQLITE_ASK_WITHOUT_ROWID                                                                                    \
    "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE AND wr"
#define VF_SQLITE_ASK_INDEXES "SELECT name, \"unique\", origin FROM pragma_index_list(?1) ORDER BY seq DESC"
#define VF_SQLITE_ASK_FOREIGN_KEYS                                                                                     \
    "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete, \"match\" FROM pragma_foreign_key_list(?1) "        \
    "ORDER BY id DESC, seq"
/* Is it one WITHOUT ROWID; which of the names of the rowid are columns; is the rowid one by itself? */
#define VF_SQLITE_ASK_ROWID                                                                                            \
    "SELECT (SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE AND wr), "      \
    "(SELECT count(*) FROM pragma_table_xinfo(?1) WHERE lower(name) = 'rowid'), "                                      \
    "(SELECT count(*) FROM pragma_table_xinfo(?1) WHERE lower(name) = '_rowid_'), "                                    \
    "(SELECT count(*) FROM pragma_table_xinfo(?1) WHERE lower(name) = 'oid'), "                                        \
    "(SELECT count(*) FROM pragma_table_xinfo(?1) WHERE pk > 0) = 1 AND "                                              \
    "(SELECT count(*) FROM pragma_index_list(?1) WHERE origin = 'pk') = 0"
#define VF_SQLITE_ASK_TABLE_SQL "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE"
#define VF_SQLITE_ASK_OBJECTS   "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
#define VF_SQLITE_ASK_N_OBJECTS "SELECT count(*) FROM sqlite_master"
#define VF_SQLITE_ASK_IS_THERE  "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1"
/* Of an index, whose name is ?1. */
#define VF_SQLITE_ASK_INDEX_SQL "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?1 AND sql IS NOT NULL"
#define VF_SQLITE_ASK_INDEX_PARTS                                                                                      \
    "SELECT cid, name, \"desc\", coll FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno"
/* It takes no parameter: the quoted name and ")" follow. */
#define VF_SQLITE_ASK_COLUMNS "PRAGMA main.table_xinfo("

#endif
