/*
 * Full-text indexes from one database to another: what each can build, and what becomes of an index that another has built.
 *
 * Both are data: vf_text_builders[] says of each builder what it is and how it differs from the others, vf_text_languages[] what a language is called by each. vf_fulltext_translate() is
 * the only code over them; an engine names its builder in its limits (engine.h) and adds what is dialect. docs/fulltext.md is printed from these tables.
 */
#ifndef VF_MODEL_FULLTEXT_H
#define VF_MODEL_FULLTEXT_H

#include "model/schema.h"

enum vf_text_builder {
    VF_TEXT_NONE,     /* there is no full-text search */
    VF_TEXT_POSTGRES, /* tsvector */
    VF_TEXT_FTS5,     /* SQLite, libSQL */
    VF_TEXT_DUCKDB,   /* the extension fts */
    VF_TEXT_BUILDERS,
};

struct vf_text_builder_info {
    const char *name;
    const char *search;  /* what a query looks like */
    const char *ranking; /* what orders the rows that are found */
    const char *words;   /* what a word is, and where it ends */
    const char *in_step; /* what happens when a row changes */
    const char *note;
};

/* A language: what a builder calls it, NULL: it can't, and takes the words as they are. */
struct vf_text_language {
    const char *language; /* "simple", "english": PostgreSQL's word */
    const char *stemmer;  /* Snowball's word; "none" of simple */
    const char *fts5;     /* tokenizer */
    const char *duckdb;   /* stemmer */
};

extern const struct vf_text_builder_info vf_text_builders[VF_TEXT_BUILDERS];
extern const struct vf_text_language vf_text_languages[]; /* ended by language NULL; the first is "simple" */

const struct vf_text_language *vf_text_language_find(const char *language); /* NULL: none */
enum vf_text_builder vf_fulltext_builder(enum vf_fulltext_form form);

/* What FTS5's words for a tokenizer mean: language, stemmer, stop words and accents of *fulltext. */
void vf_fulltext_read_tokenizer(const char *tokenizer, struct vf_fulltext *fulltext);

/*
 * What the builder makes of an index: `made` shares texts with `wish`, and has a form of the builder's. What the wish says in the builder's own words (tokenizer, prefix, column) goes before the
 * tables. *why: what differs, or NULL. VF_NOMEM alone is an error.
 */
enum vf_status vf_fulltext_translate(const struct vf_fulltext *wish, enum vf_text_builder builder,
                                     struct vf_arena *arena, struct vf_fulltext *made, const char **why,
                                     struct vf_error *err) VF_CHECKED;

/* Do both take texts apart into the same words, so that they must find the same rows? */
bool vf_fulltext_is_same_words(const struct vf_fulltext *a, const struct vf_fulltext *b);

#endif
