-- A wiki as DuckDB's users write it: a copy for analysis, with two schemas, structs and lists for what is a table elsewhere, a full-text index of the extension where it is there, and summaries.
CREATE SCHEMA archive;
CREATE TYPE protection AS ENUM ('none', 'members', 'editors', 'nobody');
CREATE SEQUENCE revision_ids START 1;
CREATE TABLE members (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, email VARCHAR, registered TIMESTAMPTZ NOT NULL, preferences JSON, roles VARCHAR[] NOT NULL DEFAULT [], quota_bytes UBIGINT DEFAULT 10485760);
CREATE TABLE namespaces (id TINYINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE);
CREATE TABLE pages (
    id BIGINT PRIMARY KEY,
    namespace_id TINYINT NOT NULL REFERENCES namespaces (id),
    slug VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    protection protection NOT NULL DEFAULT 'none',
    views BIGINT NOT NULL DEFAULT 0 CHECK (views >= 0),
    touched TIMESTAMP_S,
    UNIQUE (namespace_id, slug)
);
CREATE TABLE revisions (
    id BIGINT PRIMARY KEY DEFAULT nextval('revision_ids'),
    page_id BIGINT NOT NULL REFERENCES pages (id),
    author_id INTEGER REFERENCES members (id),
    minor BOOLEAN NOT NULL DEFAULT false,
    summary VARCHAR NOT NULL DEFAULT '',
    body VARCHAR NOT NULL,
    size_bytes INTEGER AS (strlen(body)),
    sha1 BLOB,
    diff STRUCT(added INTEGER, removed INTEGER, hunks STRUCT(line INTEGER, text VARCHAR)[]),
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX revisions_page ON revisions (page_id);
CREATE INDEX revisions_created ON revisions (created_at);
CREATE TABLE links (from_page BIGINT, to_namespace TINYINT, to_slug VARCHAR, PRIMARY KEY (from_page, to_namespace, to_slug));
CREATE TABLE categories (path VARCHAR[] NOT NULL, label VARCHAR UNIQUE);
CREATE TABLE page_categories (page_id BIGINT NOT NULL REFERENCES pages (id), category VARCHAR NOT NULL, sort_key VARCHAR DEFAULT '');
CREATE TABLE files (id UUID PRIMARY KEY, name VARCHAR NOT NULL, mime VARCHAR NOT NULL CHECK (mime LIKE '%/%'), size STRUCT(width INTEGER, height INTEGER), exif MAP(VARCHAR, VARCHAR), content BLOB, uploaded TIMESTAMP_MS);
CREATE TABLE comments (id BIGINT PRIMARY KEY, page_id BIGINT NOT NULL REFERENCES pages (id), author_id INTEGER REFERENCES members (id), body VARCHAR NOT NULL, written_at TIMESTAMP NOT NULL);
CREATE TABLE watches (member_id INTEGER REFERENCES members (id), page_id BIGINT REFERENCES pages (id), since DATE NOT NULL, PRIMARY KEY (member_id, page_id));
CREATE TABLE page_views (page_id BIGINT NOT NULL, day DATE NOT NULL, hours UINTEGER[24], visitors UBIGINT, PRIMARY KEY (page_id, day));
CREATE TABLE searches (asked_at TIMESTAMP_NS, words VARCHAR[], found UINTEGER, took INTERVAL);
CREATE TABLE section_embeddings (page_id BIGINT NOT NULL REFERENCES pages (id), section INTEGER NOT NULL, embedding FLOAT[12], PRIMARY KEY (page_id, section));
CREATE TABLE edit_wars (page_id BIGINT, members INTEGER[], score DECIMAL(9, 6), scores DECIMAL(9, 6)[]);
CREATE TABLE properties (page_id BIGINT, name VARCHAR, value UNION(number BIGINT, text VARCHAR, flag BOOLEAN));
CREATE TABLE dictionary (word VARCHAR PRIMARY KEY, n HUGEINT, bits BIT);
CREATE TABLE archive.pages (id BIGINT PRIMARY KEY, slug VARCHAR NOT NULL, deleted_at TIMESTAMPTZ NOT NULL, reason VARCHAR);
CREATE VIEW recent_changes AS SELECT r.id, r.page_id, p.title, r.summary, r.created_at FROM revisions r JOIN pages p ON p.id = r.page_id;
CREATE MACRO slugify(t) AS lower(replace(t, ' ', '-'));
COMMENT ON COLUMN pages.slug IS 'as in the address';

INSERT INTO members SELECT i, 'Member' || i, CASE WHEN i % 4 > 0 THEN 'm' || i || '@example.org' END, TIMESTAMPTZ '1999-12-31 23:59:59.5+00' + i * INTERVAL 100 DAY, '{"theme": "dark", "n": ' || i || '}', ['reader', 'editor'][1:i % 3], i * 1000 FROM range(1, 26) r(i);
INSERT INTO namespaces VALUES (0, ''), (1, 'Talk'), (2, 'Help'), (-1, 'Special');
INSERT INTO pages SELECT i, [0, 1, 2, -1][i % 4 + 1], 'page-' || i, CASE i % 5 WHEN 0 THEN 'Über ' || i WHEN 1 THEN 'C++ & "SQL" ' || i ELSE 'Page ' || i END, enum_range(NULL::protection)[i % 4 + 1], i * 1000000007, TIMESTAMP '2024-01-01' + i * INTERVAL 26 HOUR FROM range(1, 61) r(i);
INSERT INTO revisions (page_id, author_id, minor, summary, body, sha1, diff, created_at) SELECT (i - 1) // 3 + 1, NULLIF(i % 26, 0), i % 2 = 0, CASE WHEN i % 7 = 0 THEN '' ELSE 'édit ' || i END, '== Heading ==' || chr(10) || 'The foxes were jumping, ' || i,
    encode('sha' || i), CASE WHEN i % 3 > 0 THEN {'added': i, 'removed': NULL, 'hunks': [{'line': i, 'text': 'a, "b"'}, NULL]} END, TIMESTAMPTZ '2024-02-29 10:00:00+00' + i * INTERVAL 13 MINUTE FROM range(1, 181) r(i);
INSERT INTO links SELECT i, i % 3, 'page-' || (i * 7 % 60 + 1) FROM range(1, 61) r(i);
INSERT INTO categories VALUES (['science'], 'Science'), (['science', 'physics'], 'Physics'), (['arts'], NULL), ([], '');
INSERT INTO page_categories SELECT i, ['science', 'arts'][i % 2 + 1], CASE WHEN i % 2 = 0 THEN 'key' ELSE '' END FROM range(1, 61) r(i);
INSERT INTO page_categories SELECT * FROM page_categories WHERE page_id < 4;
INSERT INTO files SELECT CAST(md5('file' || i) AS UUID), 'Image ' || i || '.PNG', 'image/png', {'width': i * 100, 'height': 200}, MAP {'Make': 'Ünï', 'Iso': CAST(i AS VARCHAR)}, encode(repeat('x', i)), TIMESTAMP '2024-03-01 00:00:00.123' + i * INTERVAL 1 HOUR FROM range(1, 21) r(i);
INSERT INTO comments SELECT i, i % 60 + 1, i % 25 + 1, 'I disagree, running is not walking ' || i, TIMESTAMP '2024-04-01' + i * INTERVAL 1 SECOND FROM range(1, 121) r(i);
INSERT INTO watches SELECT i % 25 + 1, i, DATE '2024-01-01' + CAST(i AS INTEGER) FROM range(1, 61) r(i);
INSERT INTO page_views SELECT i, DATE '2024-05-01', [i * h FOR h IN range(24)], 18446744073709551615 - i FROM range(1, 61) r(i);
INSERT INTO searches SELECT TIMESTAMP_NS '2024-05-01 00:00:00.123456789' + CAST(i AS INTEGER) * INTERVAL 1 SECOND, ['fox', 'l''eau'], i, CAST(i AS INTEGER) * INTERVAL 1 MILLISECOND FROM range(1, 11) r(i);
INSERT INTO section_embeddings SELECT i, s, CAST(CASE WHEN i % 10 > 0 THEN [CAST(cos(i * s * j) AS FLOAT) FOR j IN range(1, 13)] END AS FLOAT[12]) FROM range(1, 61) r(i), range(1, 3) q(s);
INSERT INTO edit_wars VALUES (1, [1, 2], 0.500000, [0.1, NULL]), (2, [], NULL, NULL), (NULL, NULL, -999.999999, []);
INSERT INTO properties VALUES (1, 'height', union_value(number := 9007199254740993)), (1, 'colour', union_value(text := 'röd')), (2, 'stub', union_value(flag := true)), (3, 'none', NULL);
INSERT INTO dictionary VALUES ('fox', 170141183460469231731687303715884105727, '0101'), ('dog', -1, NULL), ('', 0, '1');
INSERT INTO archive.pages VALUES (1001, 'old', '2020-01-01 00:00:00+00', 'spam'), (1002, 'older', '2019-01-01 00:00:00+00', NULL);
