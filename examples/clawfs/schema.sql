-- An agent platform as it lay in PostgreSQL: every workspace in the same four tables.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE documents (
    id serial PRIMARY KEY,
    workspace_id text NOT NULL,
    content text NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);
CREATE INDEX documents_workspace_id_idx ON documents (workspace_id);
CREATE INDEX documents_content_idx ON documents USING gin (to_tsvector('english', content));
CREATE TABLE vectors (
    id serial PRIMARY KEY,
    document_id integer NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    embedding vector(1536) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX vectors_document_id_idx ON vectors (document_id);
CREATE TABLE metadata (
    key text PRIMARY KEY,
    value jsonb NOT NULL
);
CREATE TABLE agent_identities (
    agent_id text PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    state jsonb NOT NULL DEFAULT '{}',
    memory jsonb,
    history jsonb NOT NULL DEFAULT '[]',
    performance jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz,
    checksum text
);
