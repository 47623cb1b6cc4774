-- A sample library for a hardware sampler, as it lay in Turso: metadata, and a 1536-dimensional vector of each sample's description.
CREATE TABLE samples (
    id INTEGER PRIMARY KEY,
    title TEXT,
    bpm REAL,
    musical_key TEXT,
    genre TEXT,
    duration REAL,
    tags JSON,
    created_at TEXT NOT NULL);
CREATE INDEX samples_bpm ON samples (bpm);
CREATE TABLE vibe_analysis (
    sample_id INTEGER PRIMARY KEY REFERENCES samples (id),
    mood_primary TEXT,
    mood_secondary TEXT,
    energy_level REAL,
    danceability REAL,
    acousticness REAL,
    instrumentalness REAL,
    texture_tags JSON);
CREATE TABLE sample_embeddings (
    id INTEGER PRIMARY KEY,
    sample_id INTEGER NOT NULL UNIQUE REFERENCES samples (id),
    vibe_vector F32_BLOB(1536) NOT NULL,
    embedding_source TEXT,
    created_at TEXT NOT NULL);
