-- The retrieval store of an agent framework as PostgreSQL's users write it: chunks with vectors of several models side by side, in pgvector's four types and in arrays, HNSW and IVFFlat, hybrid search, jsonb metadata.
CREATE TYPE run_state AS ENUM ('queued', 'running', 'done', 'failed');
CREATE TYPE message_role AS ENUM ('system', 'user', 'assistant', 'tool');
CREATE TABLE tenants (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), slug varchar(40) NOT NULL UNIQUE, plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'own')), created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE models (name text PRIMARY KEY, provider text NOT NULL, dims integer NOT NULL CHECK (dims > 0), distance text NOT NULL DEFAULT 'cosine', price_per_million numeric(10, 6), retired_on date);
CREATE TABLE collections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    UNIQUE (tenant_id, name)
);
CREATE TABLE sources (
    id bigserial PRIMARY KEY,
    collection_id bigint NOT NULL REFERENCES collections ON DELETE CASCADE,
    uri text NOT NULL,
    etag bytea,
    fetched_at timestamptz,
    bytes bigint,
    CONSTRAINT sources_uri_key UNIQUE (collection_id, uri)
);
CREATE TABLE documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source_id bigint REFERENCES sources ON DELETE SET NULL,
    title text,
    content text NOT NULL,
    content_hash char(64) NOT NULL,
    metadata jsonb,
    language regconfig NOT NULL DEFAULT 'english',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_metadata_idx ON documents USING gin (metadata jsonb_path_ops);
CREATE INDEX documents_hash_idx ON documents (content_hash);
CREATE TABLE chunks (
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal integer NOT NULL,
    text text NOT NULL,
    span int4range,
    tokens integer CHECK (tokens >= 0),
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED,
    UNIQUE (document_id, ordinal)
);
CREATE INDEX chunks_words_idx ON chunks USING gin (words);
CREATE TABLE embeddings_small (chunk_id uuid PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, model text NOT NULL REFERENCES models, embedding vector(32) NOT NULL);
CREATE INDEX embeddings_small_idx ON embeddings_small USING hnsw (embedding vector_cosine_ops) WITH (m = 12, ef_construction = 48);
CREATE TABLE embeddings_half (chunk_id uuid PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, embedding halfvec(64) NOT NULL);
CREATE INDEX embeddings_half_idx ON embeddings_half USING hnsw (embedding halfvec_l2_ops);
CREATE TABLE embeddings_sparse (chunk_id uuid PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, embedding sparsevec(30000) NOT NULL);
CREATE TABLE embeddings_bits (chunk_id uuid PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, code bit(64) NOT NULL, codes bit varying(100));
CREATE INDEX embeddings_bits_idx ON embeddings_bits USING hnsw (code bit_hamming_ops);
CREATE TABLE embeddings_array (chunk_id uuid, model text REFERENCES models, embedding real[] NOT NULL, wide double precision[], PRIMARY KEY (chunk_id, model));
CREATE TABLE image_embeddings (id serial PRIMARY KEY, uri text NOT NULL, clip vector(48), colour vector(3), caption text);
CREATE INDEX image_embeddings_clip_idx ON image_embeddings USING ivfflat (clip vector_ip_ops) WITH (lists = 4);
CREATE TABLE agents (id text PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, instructions text, tools text[] NOT NULL DEFAULT '{}', temperature real NOT NULL DEFAULT 0.7 CHECK (temperature >= 0 AND temperature <= 2), limits jsonb);
CREATE TABLE threads (id uuid PRIMARY KEY, agent_id text NOT NULL REFERENCES agents ON UPDATE CASCADE ON DELETE CASCADE, title text, last_message_at timestamptz);
CREATE TABLE messages (
    thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
    number integer NOT NULL,
    role message_role NOT NULL,
    content jsonb NOT NULL,
    tokens_in integer NOT NULL DEFAULT 0,
    tokens_out integer NOT NULL DEFAULT 0,
    tokens integer GENERATED ALWAYS AS (tokens_in + tokens_out) STORED,
    at timestamptz NOT NULL,
    PRIMARY KEY (thread_id, number)
);
CREATE INDEX messages_assistant_idx ON messages (thread_id) WHERE role = 'assistant';
CREATE TABLE citations (thread_id uuid, number integer, chunk_id uuid REFERENCES chunks, score double precision, PRIMARY KEY (thread_id, number, chunk_id), FOREIGN KEY (thread_id, number) REFERENCES messages ON DELETE CASCADE);
CREATE TABLE memories (id bigserial PRIMARY KEY, agent_id text NOT NULL REFERENCES agents, key text NOT NULL, value jsonb, embedding vector(32), strength real NOT NULL DEFAULT 1, expires interval, EXCLUDE USING btree (agent_id WITH =, key WITH =));
CREATE TABLE jobs (id bigserial PRIMARY KEY, kind text NOT NULL, state run_state NOT NULL DEFAULT 'queued', payload jsonb NOT NULL, attempts smallint NOT NULL DEFAULT 0, error text, run_after timestamptz NOT NULL DEFAULT now());
CREATE INDEX jobs_next_idx ON jobs (run_after, id) WHERE state = 'queued';
CREATE VIEW failed_jobs AS SELECT id, kind, error FROM jobs WHERE state = 'failed';
CREATE VIEW chunk_counts AS SELECT document_id, count(*) AS n FROM chunks GROUP BY document_id;
CREATE FUNCTION match_chunks(question vector(32), n integer) RETURNS TABLE (chunk_id uuid, distance double precision) LANGUAGE sql STABLE AS 'SELECT e.chunk_id, e.embedding <=> question FROM embeddings_small e ORDER BY 2 LIMIT n';
COMMENT ON TABLE chunks IS 'What is found; documents are what is shown';

INSERT INTO tenants (id, slug, plan, created_at) SELECT md5('tenant' || i)::uuid, 'tenant-' || i, (ARRAY['free', 'team', 'own'])[i], TIMESTAMPTZ '2024-01-01 00:00:00+00' + i * INTERVAL '1 day' FROM generate_series(1, 3) i;
INSERT INTO models VALUES ('small', 'local', 32, 'cosine', 0.02, NULL), ('half', 'local', 64, 'l2', 0.000001, NULL), ('array', 'other', 8, 'ip', NULL, '2025-12-31');
INSERT INTO collections (tenant_id, name, metadata) SELECT md5('tenant' || (i % 3 + 1))::uuid, 'Collection ' || i, jsonb_build_object('b', i, 'a', ARRAY[1.50, 2]) FROM generate_series(1, 6) i;
INSERT INTO sources (collection_id, uri, etag, fetched_at, bytes) SELECT i % 6 + 1, 'https://example.org/' || i || '?q=ü&x="1"', CASE WHEN i % 3 = 0 THEN decode(md5(i::text), 'hex') END, TIMESTAMPTZ '2024-05-01 00:00:00+00' + i * INTERVAL '1 second', i * 4294967296 FROM generate_series(1, 30) i;
INSERT INTO documents (id, source_id, title, content, content_hash, metadata, language, created_at) SELECT md5('document' || i)::uuid, NULLIF(i % 31, 0), CASE WHEN i % 5 > 0 THEN 'Título ' || i END, 'Foxes are running. ' || repeat('Dogs sleep. ', i % 9), repeat(md5(i::text), 2),
    CASE WHEN i % 4 > 0 THEN jsonb_build_object('page', i, 'tags', jsonb_build_array('a', NULL, 'ü'), 'big', 12345678901234567890) END, CASE WHEN i % 2 = 0 THEN 'simple' ELSE 'english' END::regconfig, TIMESTAMPTZ '2024-05-02 00:00:00+00' + i * INTERVAL '1 minute' FROM generate_series(1, 62) i;
INSERT INTO chunks (id, document_id, ordinal, text, span, tokens) SELECT md5('chunk' || i)::uuid, md5('document' || ((i - 1) / 2 + 1))::uuid, i % 2, 'The foxes of part ' || i || ' were running', CASE WHEN i % 3 > 0 THEN int4range(i, i + 100) END, i FROM generate_series(1, 124) i;
INSERT INTO embeddings_small SELECT md5('chunk' || i)::uuid, 'small', ARRAY(SELECT sin(i * j)::real FROM generate_series(1, 32) j)::vector FROM generate_series(1, 124) i;
INSERT INTO embeddings_half SELECT md5('chunk' || i)::uuid, ARRAY(SELECT cos(i * j)::real FROM generate_series(1, 64) j)::vector::halfvec FROM generate_series(1, 124) i;
INSERT INTO embeddings_sparse SELECT md5('chunk' || i)::uuid, ('{1:0.5,' || i + 1 || ':-2,30000:1e-3}/30000')::sparsevec FROM generate_series(1, 124) i;
INSERT INTO embeddings_bits SELECT md5('chunk' || i)::uuid, ('x' || substr(md5(i::text), 1, 16))::bit(64), CASE WHEN i % 4 > 0 THEN (i % 2)::text::bit varying || B'101' END FROM generate_series(1, 124) i;
INSERT INTO embeddings_array SELECT md5('chunk' || i)::uuid, 'array', ARRAY(SELECT (i * j / 7.0)::real FROM generate_series(1, 8) j), CASE WHEN i % 2 = 0 THEN ARRAY(SELECT i / j::float8 FROM generate_series(1, 5) j) END FROM generate_series(1, 124) i;
INSERT INTO image_embeddings (uri, clip, colour, caption) SELECT 'img/' || i, CASE WHEN i % 9 > 0 THEN ARRAY(SELECT sin(i + j)::real FROM generate_series(1, 48) j)::vector END, ARRAY[i, -i, 0]::real[]::vector, CASE WHEN i % 2 = 0 THEN 'caption ' || i END FROM generate_series(1, 40) i;
INSERT INTO agents SELECT 'agent-' || i, md5('tenant' || (i % 3 + 1))::uuid, E'Be brief.\n\nNever "guess".', CASE i % 2 WHEN 0 THEN '{}' ELSE ARRAY['search', 'run,code'] END, i / 4.0, '{"max": 1e3}' FROM generate_series(1, 5) i;
INSERT INTO threads SELECT md5('thread' || i)::uuid, 'agent-' || (i % 5 + 1), CASE WHEN i % 3 > 0 THEN 'Thread ' || i END, TIMESTAMPTZ '2024-06-01 00:00:00+00' + i * INTERVAL '1 hour' FROM generate_series(1, 20) i;
INSERT INTO messages (thread_id, number, role, content, tokens_in, tokens_out, at) SELECT md5('thread' || t)::uuid, n, (enum_range(NULL::message_role))[n % 4 + 1], jsonb_build_array(jsonb_build_object('type', 'text', 'text', 'Nachricht ' || n)), n * 10, n * 3, TIMESTAMPTZ '2024-06-01 00:00:00+00' + n * INTERVAL '2.5 seconds'
    FROM generate_series(1, 20) t, generate_series(1, 6) n;
INSERT INTO citations SELECT md5('thread' || t)::uuid, t % 6 + 1, md5('chunk' || (t * 6))::uuid, 1.0 / t FROM generate_series(1, 20) t;
INSERT INTO memories (agent_id, key, value, embedding, strength, expires) SELECT 'agent-' || (i % 5 + 1), 'key ' || i, CASE WHEN i % 2 = 0 THEN to_jsonb(i) END, CASE WHEN i % 3 > 0 THEN ARRAY(SELECT cos(i + j)::real FROM generate_series(1, 32) j)::vector END, CASE WHEN i = 7 THEN 'NaN' ELSE 1.0 / i END, CASE WHEN i % 4 = 0 THEN i * INTERVAL '1 day' END FROM generate_series(1, 30) i;
INSERT INTO jobs (kind, state, payload, attempts, error, run_after) SELECT 'embed', (enum_range(NULL::run_state))[i % 4 + 1], jsonb_build_object('document', md5('document' || i)), i % 3, CASE WHEN i % 4 = 3 THEN '429 Too Many Requests' END, TIMESTAMPTZ '2024-06-02 00:00:00+00' + i * INTERVAL '1 second' FROM generate_series(1, 50) i;
