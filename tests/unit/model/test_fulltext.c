/* Full-text indexes from one builder to another: what is taken over, what is chosen, and that what differs is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "model/fulltext.h"

static struct vf_fulltext_part parts[] = {{.coalesced = true}, {.coalesced = true}};

static struct vf_fulltext postgres(const char *language, const char *stemmer)
{
    return (struct vf_fulltext){.form = VF_FULLTEXT_EXPRESSION,
                                .language = language,
                                .stemmer = stemmer,
                                .stop_words = strcmp(stemmer, "none") == 0 ? "none" : "postgresql",
                                .n_parts = 2,
                                .parts = parts};
}

static struct vf_fulltext fts5(const char *tokenizer)
{
    struct vf_fulltext made = {.form = VF_FULLTEXT_EXTERNAL, .tokenizer = tokenizer, .n_parts = 2, .parts = parts};

    vf_fulltext_read_tokenizer(tokenizer, &made);
    return made;
}

static struct vf_fulltext translate(const struct vf_fulltext *wish, enum vf_text_builder to, const char **why,
                                    struct vf_arena *arena)
{
    struct vf_fulltext made;

    assert_int_equal(vf_fulltext_translate(wish, to, arena, &made, why, NULL), VF_OK);
    assert_int_equal(vf_fulltext_builder(made.form), to);
    assert_int_equal(made.n_parts, wish->n_parts);
    return made;
}

static void test_tokenizers(void **state)
{
    static const struct {
        const char *tokenizer, *language, *stemmer;
        bool folds;
    } words[] = {
        {"porter unicode61", "english", "porter", true},
        {"porter ascii", "english", "porter", false},
        {"PORTER", "english", "porter", true},
        {"unicode61", "simple", "none", true},
        {"unicode61 remove_diacritics 0", "simple", "none", false},
        {"unicode61 remove_diacritics '0'", "simple", "none", false},
        {"unicode61 remove_diacritics 2", "simple", "none", true},
        {"trigram", "simple", "none", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct vf_fulltext found = fts5(words[i].tokenizer);
        assert_string_equal(found.language, words[i].language);
        assert_string_equal(found.stemmer, words[i].stemmer);
        assert_int_equal(found.folds_accents, words[i].folds);
    }
}

static void test_to_fts5(void **state)
{
    static const struct {
        const char *language, *stemmer, *tokenizer, *said;
    } rows[] = {
        {"english", "english", "porter unicode61", "Porter's first stemmer instead of Porter's second"},
        {"german", "german", "unicode61", "no stemming instead of german"},
        {"simple", "none", "unicode61 remove_diacritics 0", "ranked by bm25"},
    };
    struct vf_arena arena = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why = NULL;
        const struct vf_fulltext wish = postgres(rows[i].language, rows[i].stemmer);
        struct vf_fulltext made = translate(&wish, VF_TEXT_FTS5, &why, &arena);
        assert_string_equal(made.tokenizer, rows[i].tokenizer);
        assert_non_null(strstr(why, rows[i].said));
        assert_false(made.is_late);
        assert_int_equal(vf_fulltext_is_same_words(&wish, &made), 0);
    }
    struct vf_fulltext wish = postgres("english", "english");
    const char *why = NULL;
    wish.tokenizer = "trigram"; /* the user's word */
    assert_string_equal(translate(&wish, VF_TEXT_FTS5, &why, &arena).tokenizer, "trigram");
    vf_arena_release(&arena);
}

static void test_to_postgres(void **state)
{
    struct vf_arena arena = {0};
    const char *why = NULL;
    struct vf_fulltext wish = fts5("porter unicode61");

    (void)state;
    wish.prefix = "2 3";
    wish.on_insert = "t";
    struct vf_fulltext made = translate(&wish, VF_TEXT_POSTGRES, &why, &arena);
    assert_string_equal(made.language, "english");
    assert_int_equal(made.form, VF_FULLTEXT_EXPRESSION);
    assert_string_equal(made.parts[1].joined, " ");
    assert_null(made.parts[0].joined);
    assert_null(made.prefix);
    assert_null(made.on_insert);
    assert_non_null(strstr(why, "PostgreSQL's stop words instead of no stop words"));
    assert_non_null(strstr(why, "beginnings of words"));
    wish.column = "tsv";
    struct vf_fulltext_part weighed[] = {{.weight = 5, .coalesced = true}, {.weight = 1, .coalesced = true}};
    wish.parts = weighed;
    made = translate(&wish, VF_TEXT_POSTGRES, &why, &arena);
    assert_int_equal(made.form, VF_FULLTEXT_COLUMN);
    assert_null(made.parts[1].joined); /* a weight is of a vector of its own */
    vf_arena_release(&arena);
}

static void test_to_duckdb(void **state)
{
    struct vf_arena arena = {0};
    const char *why = NULL;
    struct vf_fulltext wish = fts5("porter unicode61");
    struct vf_fulltext made = translate(&wish, VF_TEXT_DUCKDB, &why, &arena);

    (void)state;
    assert_string_equal(made.stemmer, "porter");
    assert_string_equal(made.stop_words, "none");
    assert_true(made.is_late);
    assert_non_null(strstr(why, "not kept in step"));
    wish = postgres("english", "english");
    made = translate(&wish, VF_TEXT_DUCKDB, &why, &arena);
    assert_string_equal(made.stemmer, "english");
    assert_string_equal(made.stop_words, "duckdb");
    wish = postgres("armenian", "armenian");
    assert_string_equal(translate(&wish, VF_TEXT_DUCKDB, &why, &arena).stemmer, "none");
    vf_arena_release(&arena);
}

/* Nothing is said, and nothing is changed, between two of one kind. */
static void test_the_same(void **state)
{
    struct vf_arena arena = {0};
    const struct vf_fulltext wishes[] = {postgres("german", "german"), fts5("trigram")};
    const char *why = "";

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct vf_fulltext made = translate(&wishes[i], vf_fulltext_builder(wishes[i].form), &why, &arena);
        assert_null(why);
        assert_true(vf_fulltext_is_same_words(&wishes[i], &made));
        assert_true(vf_str_equal(made.tokenizer, wishes[i].tokenizer));
        assert_string_equal(made.language, wishes[i].language);
    }
    vf_arena_release(&arena);
}

static void test_null_hides(void **state)
{
    struct vf_arena arena = {0};
    struct vf_fulltext_part bare[] = {{.coalesced = false}, {.joined = " "}};
    struct vf_fulltext wish = postgres("simple", "none");
    const char *why = NULL;

    (void)state;
    wish.parts = bare;
    (void)translate(&wish, VF_TEXT_FTS5, &why, &arena);
    assert_non_null(strstr(why, "NULL"));
    vf_arena_release(&arena);
}

static void test_no_memory(void **state)
{
    struct vf_fulltext wish = postgres("english", "english"), made;
    const char *why;
    enum vf_status status = VF_NOMEM;

    (void)state;
    for (int64_t n = 0; status == VF_NOMEM && n < 20; n++) {
        struct vf_arena arena = {0};
        vf_alloc_fail_at(n, false);
        status = vf_fulltext_translate(&wish, VF_TEXT_FTS5, &arena, &made, &why, NULL);
        vf_alloc_fail_at(-1, false);
        vf_arena_release(&arena);
    }
    assert_int_equal(status, VF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizers), cmocka_unit_test(test_to_fts5),  cmocka_unit_test(test_to_postgres),
        cmocka_unit_test(test_to_duckdb),  cmocka_unit_test(test_the_same), cmocka_unit_test(test_null_hides),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
