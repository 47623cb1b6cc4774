-- The retrieval store of an agent framework as SQLite's users write it: vectors as float32 BLOBs of one length and as JSON texts, of several models side by side, FTS5 for hybrid search, JSON for what varies, key-value memory.
CREATE TABLE tenants (id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, plan TEXT NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'own')), created_at TEXT NOT NULL DEFAULT (datetime('now')));
CREATE TABLE models (name TEXT PRIMARY KEY, provider TEXT NOT NULL, dims INTEGER NOT NULL CHECK (dims > 0), distance TEXT NOT NULL DEFAULT 'cosine', price_per_million REAL, retired_on TEXT) WITHOUT ROWID;
CREATE TABLE collections (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE, name TEXT NOT NULL, metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)), UNIQUE (tenant_id, name));
CREATE TABLE sources (id INTEGER PRIMARY KEY, collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE, uri TEXT NOT NULL, etag BLOB, fetched_at INTEGER, bytes INTEGER, UNIQUE (collection_id, uri));
CREATE TABLE documents (
    rowid_ INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source_id INTEGER REFERENCES sources (id) ON DELETE SET NULL,
    title TEXT,
    content TEXT NOT NULL,
    content_hash TEXT NOT NULL CHECK (length(content_hash) = 32),
    metadata JSON,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX documents_hash ON documents (content_hash);
CREATE INDEX documents_page ON documents (json_extract(metadata, '$.page')) WHERE metadata IS NOT NULL;
CREATE TABLE chunks (id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL, text TEXT NOT NULL, tokens INTEGER CHECK (tokens >= 0), UNIQUE (document_id, ordinal));
CREATE VIRTUAL TABLE chunks_fts USING fts5 (text, content='chunks', content_rowid='id', tokenize='porter unicode61');
CREATE TRIGGER chunks_ai AFTER INSERT ON chunks BEGIN INSERT INTO chunks_fts (rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER chunks_ad AFTER DELETE ON chunks BEGIN INSERT INTO chunks_fts (chunks_fts, rowid, text) VALUES ('delete', old.id, old.text); END;
CREATE TRIGGER chunks_au AFTER UPDATE ON chunks BEGIN
    INSERT INTO chunks_fts (chunks_fts, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO chunks_fts (rowid, text) VALUES (new.id, new.text);
END;
CREATE TABLE embeddings_small (chunk_id INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE, model TEXT NOT NULL REFERENCES models (name), embedding BLOB NOT NULL);
CREATE TABLE embeddings_json (chunk_id INTEGER NOT NULL REFERENCES chunks (id) ON DELETE CASCADE, model TEXT NOT NULL, embedding TEXT, PRIMARY KEY (chunk_id, model)) WITHOUT ROWID;
CREATE TABLE embeddings_mixed (chunk_id INTEGER NOT NULL, model TEXT NOT NULL, dims INTEGER NOT NULL, embedding BLOB NOT NULL, PRIMARY KEY (chunk_id, model));
CREATE TABLE image_embeddings (id INTEGER PRIMARY KEY, uri TEXT NOT NULL, clip BLOB, colour TEXT, thumbnail BLOB, caption TEXT);
CREATE TABLE agents (id TEXT PRIMARY KEY NOT NULL, tenant_id TEXT NOT NULL REFERENCES tenants (id), instructions TEXT, tools TEXT NOT NULL DEFAULT '[]', temperature REAL NOT NULL DEFAULT 0.7 CHECK (temperature >= 0 AND temperature <= 2), limits JSON) WITHOUT ROWID;
CREATE TABLE threads (id TEXT PRIMARY KEY NOT NULL, agent_id TEXT NOT NULL REFERENCES agents (id) ON UPDATE CASCADE ON DELETE CASCADE, title TEXT, last_message_at INTEGER);
CREATE TABLE messages (
    thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content TEXT NOT NULL,
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER GENERATED ALWAYS AS (tokens_in + tokens_out) STORED,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (thread_id, number)
) WITHOUT ROWID;
CREATE INDEX messages_assistant ON messages (thread_id) WHERE role = 'assistant';
CREATE TABLE citations (thread_id TEXT NOT NULL, number INTEGER NOT NULL, chunk_id INTEGER NOT NULL REFERENCES chunks (id), score REAL, PRIMARY KEY (thread_id, number, chunk_id), FOREIGN KEY (thread_id, number) REFERENCES messages (thread_id, number) ON DELETE CASCADE) WITHOUT ROWID;
CREATE TABLE memories (agent_id TEXT NOT NULL REFERENCES agents (id), key TEXT NOT NULL, value, embedding BLOB, strength REAL NOT NULL DEFAULT 1.0, expires_at INTEGER, PRIMARY KEY (agent_id, key)) WITHOUT ROWID;
CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')), payload TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, error TEXT, run_after REAL NOT NULL);
CREATE INDEX jobs_next ON jobs (run_after, id) WHERE state = 'queued';
CREATE VIEW failed_jobs AS SELECT id, kind, error FROM jobs WHERE state = 'failed';
CREATE VIEW chunk_counts AS SELECT document_id, count(*) AS n FROM chunks GROUP BY document_id;

INSERT INTO tenants VALUES ('t1', 'tenant-1', 'free', '2024-01-01 00:00:00'), ('t2', 'tenant-2', 'team', '2024-01-02 00:00:00'), ('t3', 'tenant-3', 'own', '2024-01-03 12:34:56');
INSERT INTO models VALUES ('small', 'local', 32, 'cosine', 0.02, NULL), ('json', 'local', 16, 'l2', 0.000001, NULL), ('other', 'other', 8, 'ip', NULL, '2025-12-31');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
INSERT INTO collections (tenant_id, name, metadata) SELECT 't' || (i % 3 + 1), 'Collection ' || i, json_object('b', i, 'a', json_array(1.5, 2)) FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
INSERT INTO sources SELECT i, i % 6 + 1, 'https://example.org/' || i || '?q=ü&x="1"', CASE WHEN i % 3 = 0 THEN CAST('etag' || i AS BLOB) END, 1714521600 + i, i * 4294967296 FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 62)
INSERT INTO documents (id, source_id, title, content, content_hash, metadata, created_at) SELECT printf('doc_%05d', i), nullif(i % 31, 0), CASE WHEN i % 5 > 0 THEN 'Título ' || i END, 'Foxes are running. Dogs sleep ' || i, printf('%032x', i * 104729),
    CASE WHEN i % 4 > 0 THEN json_object('page', i, 'tags', json_array('a', NULL, 'ü')) END, datetime('2024-05-02', i || ' minutes') FROM n;
INSERT INTO chunks (id, document_id, ordinal, text, tokens) SELECT d.rowid_ * 2 + o.id - 1, d.id, o.id, 'The foxes of part ' || d.rowid_ || ' were running', d.rowid_ FROM documents d, collections o WHERE o.id <= 2;
INSERT INTO embeddings_small SELECT id, 'small', f32(id, 32) FROM chunks;
INSERT INTO embeddings_json SELECT id, 'json', CASE WHEN id % 10 > 0 THEN f32_json(id, 16) END FROM chunks;
INSERT INTO embeddings_mixed SELECT id, CASE id % 2 WHEN 0 THEN 'small' ELSE 'other' END, CASE id % 2 WHEN 0 THEN 32 ELSE 8 END, f32(id, CASE id % 2 WHEN 0 THEN 32 ELSE 8 END) FROM chunks;
INSERT INTO image_embeddings SELECT id, 'img/' || id, CASE WHEN id % 9 > 0 THEN f32(id, 48) END, json_array(id, -id, 0.5), CASE WHEN id % 2 = 0 THEN CAST('jpeg ' || id AS BLOB) END, CASE WHEN id % 2 = 0 THEN 'caption ' || id END FROM sources;
INSERT INTO agents SELECT 'agent-' || id, 't' || (id % 3 + 1), 'Be brief.' || char(10, 10) || 'Never "guess".', CASE id % 2 WHEN 0 THEN '[]' ELSE '["search", "run,code"]' END, id / 4.0, '{"max": 1e3}' FROM collections WHERE id <= 5;
INSERT INTO threads SELECT 'thread-' || id, 'agent-' || (id % 5 + 1), CASE WHEN id % 3 > 0 THEN 'Thread ' || id END, 1717200000 + id * 3600 FROM sources WHERE id <= 20;
INSERT INTO messages (thread_id, number, role, content, tokens_in, tokens_out, at_ms) SELECT t.id, n.id, CASE n.id % 4 WHEN 0 THEN 'system' WHEN 1 THEN 'user' WHEN 2 THEN 'assistant' ELSE 'tool' END, json_array(json_object('type', 'text', 'text', 'Nachricht ' || n.id)), n.id * 10, n.id * 3, 1717200000123 + n.id * 2500 FROM threads t, collections n;
INSERT INTO citations SELECT 'thread-' || id, id % 6 + 1, id * 4, 1.0 / id FROM sources WHERE id <= 20;
INSERT INTO memories SELECT 'agent-' || (id % 5 + 1), 'key ' || id, CASE id % 4 WHEN 0 THEN id WHEN 1 THEN 'text ' || id WHEN 2 THEN id / 4.0 END, CASE WHEN id % 3 > 0 THEN f32(id, 32) END, 1.0 / id, CASE WHEN id % 4 = 0 THEN 1717200000 + id END FROM sources;
INSERT INTO jobs (kind, state, payload, attempts, error, run_after) SELECT 'embed', CASE id % 4 WHEN 0 THEN 'queued' WHEN 1 THEN 'running' WHEN 2 THEN 'done' ELSE 'failed' END, json_object('document', id), id % 3, CASE WHEN id % 4 = 3 THEN '429 Too Many Requests' END, 1717286400.25 + id FROM chunks WHERE id <= 50;
