-- The retrieval store of an agent framework as DuckDB's users write it: vectors as FLOAT[n] and DOUBLE[n], of several models side by side, some in one table; messages as structs, scores and prices for analysis.
CREATE TYPE run_state AS ENUM ('queued', 'running', 'done', 'failed');
CREATE TYPE message_role AS ENUM ('system', 'user', 'assistant', 'tool');
CREATE SEQUENCE job_ids;
CREATE TABLE tenants (id UUID PRIMARY KEY DEFAULT uuid(), slug VARCHAR NOT NULL UNIQUE, plan VARCHAR NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'own')), created_at TIMESTAMPTZ NOT NULL DEFAULT current_timestamp);
CREATE TABLE models (name VARCHAR PRIMARY KEY, provider VARCHAR NOT NULL, dims USMALLINT NOT NULL CHECK (dims > 0), price_per_million DECIMAL(10, 6), retired_on DATE);
CREATE TABLE collections (id BIGINT PRIMARY KEY, tenant_id UUID NOT NULL REFERENCES tenants (id), name VARCHAR NOT NULL, metadata JSON, UNIQUE (tenant_id, name));
CREATE TABLE sources (id BIGINT PRIMARY KEY, collection_id BIGINT NOT NULL REFERENCES collections (id), uri VARCHAR NOT NULL, etag BLOB, fetched_at TIMESTAMP_MS, bytes UBIGINT);
CREATE TABLE documents (id UUID PRIMARY KEY, source_id BIGINT REFERENCES sources (id), title VARCHAR, content VARCHAR NOT NULL, content_hash UHUGEINT NOT NULL, metadata STRUCT(page INTEGER, tags VARCHAR[], "author name" VARCHAR), created_at TIMESTAMPTZ NOT NULL);
CREATE INDEX documents_hash ON documents (content_hash);
CREATE TABLE chunks (id UUID PRIMARY KEY, document_id UUID NOT NULL REFERENCES documents (id), ordinal INTEGER NOT NULL, text VARCHAR NOT NULL, span STRUCT(a INTEGER, b INTEGER), tokens INTEGER CHECK (tokens >= 0), letters BIGINT AS (length(text)), UNIQUE (document_id, ordinal));
CREATE TABLE embeddings (chunk_id UUID PRIMARY KEY REFERENCES chunks (id), small FLOAT[32] NOT NULL, large FLOAT[64], exact DOUBLE[8], tiny FLOAT[2]);
CREATE TABLE embeddings_list (chunk_id UUID, model VARCHAR REFERENCES models (name), embedding FLOAT[] NOT NULL, PRIMARY KEY (chunk_id, model));
CREATE TABLE embeddings_quantized (chunk_id UUID PRIMARY KEY, codes TINYINT[16], bits BIT, scale FLOAT NOT NULL);
CREATE TABLE image_embeddings (id INTEGER PRIMARY KEY, uri VARCHAR NOT NULL, clip FLOAT[48], colour UTINYINT[3], thumbnail BLOB);
CREATE TABLE agents (id VARCHAR PRIMARY KEY, tenant_id UUID NOT NULL REFERENCES tenants (id), instructions VARCHAR, tools VARCHAR[] DEFAULT [], temperature FLOAT NOT NULL DEFAULT 0.5 CHECK (temperature >= 0 AND temperature <= 2), limits MAP(VARCHAR, BIGINT));
CREATE TABLE threads (id UUID PRIMARY KEY, agent_id VARCHAR NOT NULL REFERENCES agents (id), title VARCHAR, last_message_at TIMESTAMPTZ);
CREATE TABLE messages (thread_id UUID NOT NULL, number INTEGER NOT NULL, role message_role NOT NULL, content STRUCT("type" VARCHAR, "text" VARCHAR)[] NOT NULL, tokens_in INTEGER DEFAULT 0, tokens_out INTEGER DEFAULT 0, tokens INTEGER AS (tokens_in + tokens_out), sent_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (thread_id, number));
CREATE TABLE citations (thread_id UUID, number INTEGER, chunk_id UUID, score DOUBLE, PRIMARY KEY (thread_id, number, chunk_id), FOREIGN KEY (thread_id, number) REFERENCES messages (thread_id, number));
CREATE TABLE memories (agent_id VARCHAR NOT NULL REFERENCES agents (id), key VARCHAR NOT NULL, value UNION(n BIGINT, t VARCHAR, x DOUBLE), embedding FLOAT[32], strength FLOAT NOT NULL DEFAULT 1, expires INTERVAL, PRIMARY KEY (agent_id, key));
CREATE TABLE jobs (id BIGINT PRIMARY KEY DEFAULT nextval('job_ids'), kind VARCHAR NOT NULL, state run_state NOT NULL DEFAULT 'queued', payload JSON NOT NULL, attempts UTINYINT NOT NULL DEFAULT 0, error VARCHAR, run_after TIMESTAMP_S NOT NULL);
CREATE TABLE searches (asked_at TIMESTAMP_NS NOT NULL, question FLOAT[32], found UUID[], distances FLOAT[], took_us UINTEGER);
CREATE VIEW failed_jobs AS SELECT id, kind, error FROM jobs WHERE state = 'failed';
CREATE VIEW chunk_counts AS SELECT document_id, count(*) AS n FROM chunks GROUP BY document_id;
CREATE MACRO similarity(a, b) AS 1 - array_cosine_distance(a, b);

INSERT INTO tenants SELECT CAST(md5('tenant' || i) AS UUID), 'tenant-' || i, ['free', 'team', 'own'][i], TIMESTAMPTZ '2024-01-01 00:00:00+00' + i * INTERVAL 1 DAY FROM range(1, 4) r(i);
INSERT INTO models VALUES ('small', 'local', 32, 0.02, NULL), ('large', 'local', 64, 0.000001, NULL), ('list', 'other', 8, NULL, '2025-12-31');
INSERT INTO collections SELECT i, CAST(md5('tenant' || (i % 3 + 1)) AS UUID), 'Collection ' || i, '{"b": ' || i || ', "a": [1.50, 2]}' FROM range(1, 7) r(i);
INSERT INTO sources SELECT i, i % 6 + 1, 'https://example.org/' || i || '?q=ü&x="1"', CASE WHEN i % 3 = 0 THEN encode('etag' || i) END, TIMESTAMP '2024-05-01 00:00:00.123' + i * INTERVAL 1 SECOND, 18446744073709551615 - i FROM range(1, 31) r(i);
INSERT INTO documents SELECT CAST(md5('document' || i) AS UUID), NULLIF(i % 31, 0), CASE WHEN i % 5 > 0 THEN 'Título ' || i END, 'Foxes are running. Dogs sleep ' || i, CAST('340282366920938463463374607431768211455' AS UHUGEINT) - CAST(i AS UHUGEINT), CASE WHEN i % 4 > 0 THEN {'page': i, 'tags': ['a', NULL, 'ü'], 'author name': 'O''Hara'} END,
    TIMESTAMPTZ '2024-05-02 00:00:00+00' + i * INTERVAL 1 MINUTE FROM range(1, 63) r(i);
INSERT INTO chunks SELECT CAST(md5('chunk' || i) AS UUID), CAST(md5('document' || ((i - 1) // 2 + 1)) AS UUID), i % 2, 'The foxes of part ' || i || ' were running', CASE WHEN i % 3 > 0 THEN {'a': i, 'b': i + 100} END, i FROM range(1, 125) r(i);
INSERT INTO embeddings SELECT CAST(md5('chunk' || i) AS UUID), CAST([CAST(sin(i * j) AS FLOAT) FOR j IN range(1, 33)] AS FLOAT[32]), CAST(CASE WHEN i % 10 > 0 THEN [CAST(cos(i * j) AS FLOAT) FOR j IN range(1, 65)] END AS FLOAT[64]), CAST([sin(i / j) FOR j IN range(1, 9)] AS DOUBLE[8]), CAST([i, -i] AS FLOAT[2]) FROM range(1, 125) r(i);
INSERT INTO embeddings_list SELECT CAST(md5('chunk' || i) AS UUID), 'list', [CAST(i * j / 7 AS FLOAT) FOR j IN range(1, 9)] FROM range(1, 125) r(i);
INSERT INTO embeddings_quantized SELECT CAST(md5('chunk' || i) AS UUID), CAST([(i * j) % 256 - 128 FOR j IN range(1, 17)] AS TINYINT[16]), CAST(bin(i + 1024) AS BIT), 0.25 FROM range(1, 125) r(i);
INSERT INTO image_embeddings SELECT i, 'img/' || i, CAST(CASE WHEN i % 9 > 0 THEN [CAST(sin(i + j) AS FLOAT) FOR j IN range(1, 49)] END AS FLOAT[48]), CAST([i, 255 - i, 0] AS UTINYINT[3]), CASE WHEN i % 2 = 0 THEN '\xFF\xD8'::BLOB END FROM range(1, 41) r(i);
INSERT INTO agents SELECT 'agent-' || i, CAST(md5('tenant' || (i % 3 + 1)) AS UUID), 'Be brief.' || chr(10) || 'Never "guess".', CASE i % 2 WHEN 0 THEN [] ELSE ['search', 'run,code'] END, i / 4, MAP {'max': i, 'min': NULL} FROM range(1, 6) r(i);
INSERT INTO threads SELECT CAST(md5('thread' || i) AS UUID), 'agent-' || (i % 5 + 1), CASE WHEN i % 3 > 0 THEN 'Thread ' || i END, TIMESTAMPTZ '2024-06-01 00:00:00+00' + i * INTERVAL 1 HOUR FROM range(1, 21) r(i);
INSERT INTO messages SELECT CAST(md5('thread' || t) AS UUID), n, enum_range(NULL::message_role)[n % 4 + 1], [{'type': 'text', 'text': 'Nachricht ' || n}], n * 10, n * 3, TIMESTAMPTZ '2024-06-01 00:00:00+00' + n * INTERVAL 2 SECOND FROM range(1, 21) r(t), range(1, 7) s(n);
INSERT INTO citations SELECT CAST(md5('thread' || t) AS UUID), t % 6 + 1, CAST(md5('chunk' || (t * 6)) AS UUID), 1 / t FROM range(1, 21) r(t);
INSERT INTO memories SELECT 'agent-' || (i % 5 + 1), 'key ' || i, CASE i % 3 WHEN 0 THEN union_value(n := i)::UNION(n BIGINT, t VARCHAR, x DOUBLE) WHEN 1 THEN union_value(t := 'text ' || i)::UNION(n BIGINT, t VARCHAR, x DOUBLE) END, CAST(CASE WHEN i % 3 > 0 THEN [CAST(cos(i + j) AS FLOAT) FOR j IN range(1, 33)] END AS FLOAT[32]),
    CASE WHEN i = 7 THEN 'nan'::FLOAT ELSE 1 / i END, CASE WHEN i % 4 = 0 THEN CAST(i AS INTEGER) * INTERVAL 1 DAY END FROM range(1, 31) r(i);
INSERT INTO jobs (kind, state, payload, attempts, error, run_after) SELECT 'embed', enum_range(NULL::run_state)[i % 4 + 1], '{"document": ' || i || '}', i % 3, CASE WHEN i % 4 = 3 THEN '429 Too Many Requests' END, TIMESTAMP '2024-06-02' + i * INTERVAL 1 SECOND FROM range(1, 51) r(i);
INSERT INTO searches SELECT make_timestamp_ns(1717372800000000000 + i * 1000 + CASE WHEN i = 7 THEN 1 ELSE 0 END), CAST([CAST(j AS FLOAT) FOR j IN range(1, 33)] AS FLOAT[32]), [CAST(md5('chunk1') AS UUID), NULL], [0.5, 'inf'::FLOAT], i FROM range(1, 11) r(i);
