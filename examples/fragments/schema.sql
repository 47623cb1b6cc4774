-- What installations on PostgreSQL have: the application's own migrations made it.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE fragments (
    id bigserial PRIMARY KEY,
    source varchar(255) NOT NULL,
    position integer NOT NULL DEFAULT 0,
    content text NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, position)
);
CREATE TABLE fragment_embeddings (
    id bigserial PRIMARY KEY,
    fragment_id bigint NOT NULL REFERENCES fragments (id) ON DELETE CASCADE,
    provider varchar(255) NOT NULL,
    model varchar(255) NOT NULL,
    dims int NOT NULL,
    embedding vector(1536) NOT NULL,
    content_hash varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (fragment_id, provider, model, content_hash)
);
CREATE TABLE migrations (
    id serial PRIMARY KEY,
    migration varchar(255) NOT NULL UNIQUE,
    batch integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
