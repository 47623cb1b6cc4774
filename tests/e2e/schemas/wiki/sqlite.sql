-- A wiki as SQLite's users write it: three kinds of FTS5 tables, STRICT tables, hierarchies by parent, history by triggers, moments as ISO texts and as epochs in milliseconds.
CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email TEXT,
    registered TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    preferences TEXT NOT NULL DEFAULT '{"theme": "light"}' CHECK (json_valid(preferences)),
    quota_bytes INTEGER NOT NULL DEFAULT 10485760
);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, rights TEXT NOT NULL) STRICT;
CREATE TABLE member_roles (member_id INTEGER REFERENCES members (id) ON DELETE CASCADE, role_id INTEGER REFERENCES roles (id), granted_by INTEGER REFERENCES members (id) ON DELETE SET NULL, PRIMARY KEY (member_id, role_id)) WITHOUT ROWID;
CREATE TABLE namespaces (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, talk_of INTEGER UNIQUE REFERENCES namespaces (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE pages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace_id INTEGER NOT NULL REFERENCES namespaces (id),
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    latest_revision_id INTEGER REFERENCES revisions (id) DEFERRABLE INITIALLY DEFERRED,
    protection TEXT NOT NULL DEFAULT 'none' CHECK (protection IN ('none', 'members', 'editors', 'nobody')),
    views INTEGER NOT NULL DEFAULT 0 CHECK (views >= 0),
    touched_ms INTEGER NOT NULL,
    UNIQUE (namespace_id, slug)
);
CREATE INDEX pages_title ON pages (title COLLATE NOCASE);
CREATE TABLE revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    page_id INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES revisions (id),
    author_id INTEGER REFERENCES members (id) ON DELETE SET NULL,
    minor INTEGER NOT NULL DEFAULT 0 CHECK (minor IN (0, 1)),
    summary TEXT NOT NULL DEFAULT '' CHECK (length(summary) <= 255),
    body TEXT NOT NULL,
    size_bytes INTEGER GENERATED ALWAYS AS (length(CAST(body AS BLOB))) STORED,
    sha1 BLOB,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CHECK (parent_id <> id)
);
CREATE INDEX revisions_page ON revisions (page_id, created_at DESC);
CREATE INDEX revisions_major ON revisions (author_id) WHERE minor = 0;
CREATE VIRTUAL TABLE revisions_fts USING fts5 (body, summary UNINDEXED, content='revisions', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3');
CREATE TRIGGER revisions_ai AFTER INSERT ON revisions BEGIN INSERT INTO revisions_fts (rowid, body, summary) VALUES (new.id, new.body, new.summary); END;
CREATE TRIGGER revisions_ad AFTER DELETE ON revisions BEGIN INSERT INTO revisions_fts (revisions_fts, rowid, body, summary) VALUES ('delete', old.id, old.body, old.summary); END;
CREATE TRIGGER revisions_au AFTER UPDATE ON revisions BEGIN
    INSERT INTO revisions_fts (revisions_fts, rowid, body, summary) VALUES ('delete', old.id, old.body, old.summary);
    INSERT INTO revisions_fts (rowid, body, summary) VALUES (new.id, new.body, new.summary);
END;
CREATE TABLE links (from_page INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE, to_namespace INTEGER NOT NULL, to_slug TEXT NOT NULL, PRIMARY KEY (from_page, to_namespace, to_slug)) WITHOUT ROWID;
CREATE INDEX links_to ON links (to_namespace, to_slug);
CREATE TABLE categories (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES categories (id), path TEXT NOT NULL UNIQUE, label TEXT UNIQUE);
CREATE TABLE page_categories (page_id INTEGER REFERENCES pages (id) ON DELETE CASCADE, category_id INTEGER REFERENCES categories (id), sort_key TEXT NOT NULL DEFAULT '', PRIMARY KEY (page_id, category_id)) WITHOUT ROWID;
CREATE TABLE files (
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    name TEXT NOT NULL,
    mime TEXT NOT NULL CHECK (mime LIKE '%/%'),
    width INTEGER,
    height INTEGER,
    pixels INTEGER AS (width * height),
    content BLOB,
    uploaded_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX files_name ON files (lower(name));
CREATE TABLE file_uses (page_id INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE, file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE, caption TEXT, PRIMARY KEY (page_id, file_id)) STRICT, WITHOUT ROWID;
CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    page_id INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
    reply_to INTEGER REFERENCES comments (id) ON DELETE CASCADE,
    author_id INTEGER REFERENCES members (id),
    body TEXT NOT NULL,
    at DATETIME NOT NULL
);
CREATE TABLE watches (member_id INTEGER REFERENCES members (id) ON DELETE CASCADE, page_id INTEGER REFERENCES pages (id) ON DELETE CASCADE, since DATE NOT NULL DEFAULT CURRENT_DATE, PRIMARY KEY (member_id, page_id));
CREATE TABLE locks (page_id INTEGER PRIMARY KEY REFERENCES pages (id) ON DELETE CASCADE, holder INTEGER NOT NULL REFERENCES members (id), since TEXT NOT NULL, until TEXT);
CREATE TABLE drafts (member_id INTEGER NOT NULL, page_id INTEGER NOT NULL, body TEXT, saved_at REAL NOT NULL DEFAULT (julianday('now')), PRIMARY KEY (member_id, page_id));
CREATE TABLE section_embeddings (page_id INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE, section INTEGER NOT NULL, embedding TEXT, PRIMARY KEY (page_id, section));
CREATE TABLE settings (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE "archive.pages" (id INTEGER PRIMARY KEY, slug TEXT NOT NULL, deleted_at TEXT NOT NULL, reason TEXT);
CREATE VIEW recent_changes AS SELECT r.id, r.page_id, p.title, r.summary, r.created_at FROM revisions r JOIN pages p ON p.id = r.page_id;
CREATE TRIGGER pages_touch AFTER INSERT ON revisions BEGIN UPDATE pages SET views = views WHERE id = new.page_id; END;
CREATE VIRTUAL TABLE help_fts USING fts5 (title, body, tokenize='trigram');

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
INSERT INTO members (name, email, registered, preferences) SELECT 'Member' || i, CASE WHEN i % 4 > 0 THEN 'm' || i || '@example.org' END, strftime('%Y-%m-%dT%H:%M:%SZ', '1999-12-31 23:59:59', (i * 100) || ' days'), json_object('theme', 'dark', 'n', i) FROM n;
INSERT INTO roles VALUES (1, 'reader', '["read"]'), (2, 'editor', '["read", "write", "a, b"]'), (3, 'admin', '[]');
INSERT INTO member_roles SELECT id, id % 3 + 1, nullif(id - 1, 0) FROM members;
INSERT INTO namespaces VALUES (1, 'Talk', 0), (0, '', NULL), (2, 'Help', NULL), (3, 'Help talk', 2);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO pages (namespace_id, slug, title, latest_revision_id, protection, views, touched_ms) SELECT i % 4, 'page-' || i, CASE i % 5 WHEN 0 THEN 'Über ' || i WHEN 1 THEN 'C++ & "SQL" ' || i ELSE 'Page ' || i END, i * 3,
    CASE i % 4 WHEN 0 THEN 'none' WHEN 1 THEN 'members' WHEN 2 THEN 'editors' ELSE 'nobody' END, i * 1000000007, 1704067200000 + i * 93600123 FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 180)
INSERT INTO revisions (page_id, parent_id, author_id, minor, summary, body, sha1, created_at) SELECT (i - 1) / 3 + 1, CASE WHEN i % 3 <> 1 THEN i - 1 END, nullif(i % 26, 0), i % 2 = 0, CASE WHEN i % 7 = 0 THEN '' ELSE 'édit ' || i END,
    '== Heading ==' || char(10) || 'The foxes were jumping over lazy dogs, number ' || i || char(13, 10) || '* item' || char(9) || 'with tab', CAST(printf('sha%d', i) AS BLOB), datetime('2024-02-29 10:00:00', (i * 13) || ' minutes') FROM n;
INSERT INTO links SELECT id, (id + 1) % 4, 'page-' || (id * 7 % 60 + 1) FROM pages UNION SELECT id, 0, 'missing ' || id FROM pages WHERE id % 5 = 0;
INSERT INTO categories VALUES (1, NULL, 'science', 'Science'), (2, 1, 'science/physics', 'Physics'), (3, NULL, 'arts', NULL), (4, 3, 'arts/music', NULL);
INSERT INTO page_categories SELECT id, id % 4 + 1, CASE WHEN id % 2 = 0 THEN 'key' ELSE '' END FROM pages;
INSERT INTO files (id, name, mime, width, height, content, uploaded_ms) SELECT printf('%08x-0000-4000-8000-%012x', id, id * 3), 'Image ' || id || '.PNG', 'image/png', nullif(id % 5, 0) * 100, 20000, CASE WHEN id % 3 > 0 THEN zeroblob(id) END, 1709251200123 + id * 3600000 FROM pages WHERE id <= 20;
INSERT INTO file_uses SELECT p.id, f.id, CASE WHEN p.id % 2 = 0 THEN 'caption ' || p.id END FROM pages p JOIN files f ON f.name = 'Image ' || (p.id % 20 + 1) || '.PNG' WHERE p.id <= 40;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
INSERT INTO comments SELECT i, i % 60 + 1, CASE WHEN i > 10 AND i % 3 = 0 THEN i - 10 END, i % 25 + 1, 'I disagree, running is not walking ' || i, datetime('2024-04-01', i || ' seconds') FROM n;
INSERT INTO watches SELECT id % 25 + 1, id, date('2024-01-01', id || ' days') FROM pages;
INSERT INTO locks VALUES (1, 1, '2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'), (2, 2, '2024-01-01T00:00:00Z', NULL);
INSERT INTO drafts SELECT id, id, 'draft ' || id, 2460431.5 + id / 8.0 FROM pages WHERE id <= 15;
INSERT INTO section_embeddings SELECT id, 1, CASE WHEN id % 10 > 0 THEN f32_json(id, 12) END FROM pages;
INSERT INTO settings VALUES ('name', 'Wiki'), ('edition', 3), ('ratio', 0.25), ('logo', x'89504e47'), ('nothing', NULL);
INSERT INTO "archive.pages" VALUES (1001, 'old', '2020-01-01T00:00:00Z', 'spam'), (1002, 'older', '2019-01-01T00:00:00Z', NULL);
INSERT INTO help_fts (title, body) SELECT title, body FROM pages JOIN revisions ON revisions.page_id = pages.id WHERE pages.id < 20;
