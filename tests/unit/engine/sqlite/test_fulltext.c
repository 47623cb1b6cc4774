/* FTS5 in the texts of sqlite_master: its declarations, and the triggers that keep it in step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "engine/sqlitesql/fulltext.h"

static void test_declarations(void **state)
{
    struct vf_arena arena = {0};
    struct vf_fts5_declaration found;
    bool understood = false;

    (void)state;
    assert_int_equal(vf_fts5_parse("CREATE VIRTUAL TABLE IF NOT EXISTS main.\"t, (x)\" USING FTS5 (title, \"a b\" "
                                   "UNINDEXED, [c], content = 'docs', "
                                   "content_rowid=id, tokenize=\"porter unicode61 remove_diacritics 2\", prefix='2', "
                                   "prefix = 3, detail=column, columnsize=0)",
                                   &arena, &found, &understood, NULL),
                     VF_OK);
    assert_true(understood);
    assert_int_equal(found.n_columns, 3);
    assert_string_equal(found.columns[1], "a b");
    assert_string_equal(found.columns[2], "c");
    assert_true(found.unindexed[1] && !found.unindexed[0] && !found.unindexed[2]);
    assert_string_equal(found.content, "docs");
    assert_string_equal(found.content_rowid, "id");
    assert_string_equal(found.tokenizer, "porter unicode61 remove_diacritics 2");
    assert_string_equal(found.prefix, "2 3");
    assert_string_equal(found.detail, "column");
    assert_true(found.has_other);
    assert_int_equal(
        vf_fts5_parse("CREATE VIRTUAL TABLE t USING fts5(a, content='', tokenize='unicode61 tokenchars ''-_''')",
                      &arena, &found, &understood, NULL),
        VF_OK);
    assert_true(understood && found.has_content && found.content[0] == '\0');
    assert_string_equal(found.tokenizer, "unicode61 tokenchars '-_'");
    assert_null(found.detail);
    static const char *const others[] = {"CREATE VIRTUAL TABLE t USING fts4(a)",
                                         "CREATE TABLE t (a)",
                                         "CREATE VIRTUAL TABLE t USING fts5",
                                         "CREATE VIRTUAL TABLE t USING fts5(content='x')",
                                         "",
                                         "fts5("};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(vf_fts5_parse(others[i], &arena, &found, &understood, NULL), VF_OK);
        assert_false(understood);
    }
    vf_arena_release(&arena);
}

static void test_triggers(void **state)
{
    static const struct {
        const char *sql;
        enum vf_fts5_event event;
    } rows[] = {
        {"CREATE TRIGGER a AFTER INSERT ON docs BEGIN INSERT INTO fts(rowid, a) VALUES (new.id, new.a); END",
         VF_FTS5_ON_INSERT},
        {"CREATE TEMP TRIGGER IF NOT EXISTS \"a\" AFTER DELETE ON docs FOR EACH ROW BEGIN INSERT INTO \"FTS\"(fts, "
         "rowid) VALUES ('delete', old.id); END;",
         VF_FTS5_ON_DELETE},
        {"CREATE TRIGGER a AFTER UPDATE ON docs BEGIN DELETE FROM fts WHERE rowid = old.id; INSERT OR REPLACE INTO "
         "fts(rowid) VALUES (new.id); END",
         VF_FTS5_ON_UPDATE},
        {"CREATE TRIGGER a AFTER INSERT ON docs BEGIN INSERT INTO other VALUES (1); INSERT INTO fts(rowid) VALUES "
         "(new.id); END",
         VF_FTS5_NO_TRIGGER},
        {"CREATE TRIGGER a AFTER INSERT ON docs WHEN new.a > 1 BEGIN INSERT INTO fts(rowid) VALUES (new.id); END",
         VF_FTS5_NO_TRIGGER},
        {"CREATE TRIGGER a AFTER UPDATE OF b ON docs BEGIN INSERT INTO fts(rowid) VALUES (new.id); END",
         VF_FTS5_NO_TRIGGER},
        {"CREATE TRIGGER a AFTER INSERT ON docs BEGIN SELECT 1; END", VF_FTS5_NO_TRIGGER},
        {"CREATE TRIGGER a AFTER INSERT ON docs BEGIN INSERT INTO fts2(rowid) VALUES (1); END", VF_FTS5_NO_TRIGGER},
        {"CREATE TRIGGER a AFTER INSERT ON docs BEGIN", VF_FTS5_NO_TRIGGER},
        {"CREATE TRIGGER a AFTER INSERT ON docs BEGIN INSERT INTO fts", VF_FTS5_NO_TRIGGER},
        {"", VF_FTS5_NO_TRIGGER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (vf_fts5_trigger_event(rows[i].sql, "fts") != rows[i].event)
            fail_msg("%s", rows[i].sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_declarations), cmocka_unit_test(test_triggers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
