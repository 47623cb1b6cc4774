-- An issue tracker as DuckDB's users write it: an export that is asked questions; nested types for labels, links and history, enums, lists of structs, generated columns, macros.
CREATE TYPE issue_kind AS ENUM ('bug', 'task', 'story', 'epic');
CREATE TYPE priority AS ENUM ('lowest', 'low', 'medium', 'high', 'highest');
CREATE SEQUENCE comment_ids START 5000 INCREMENT 2;
CREATE TABLE accounts (id UUID PRIMARY KEY, login VARCHAR NOT NULL UNIQUE, display_name VARCHAR, timezone VARCHAR DEFAULT 'UTC', is_active BOOLEAN DEFAULT true, created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE teams (id TINYINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, members UUID[]);
CREATE TABLE projects (key VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, team_id TINYINT REFERENCES teams (id), settings JSON, archived BOOLEAN NOT NULL DEFAULT false);
CREATE TABLE milestones (id INTEGER PRIMARY KEY, project_key VARCHAR NOT NULL REFERENCES projects (key), name VARCHAR NOT NULL, starts DATE, due DATE, days INTEGER AS (due - starts), UNIQUE (project_key, name), CHECK (starts <= due));
CREATE TABLE labels (id INTEGER PRIMARY KEY, project_key VARCHAR NOT NULL REFERENCES projects (key), path VARCHAR[] NOT NULL, colour STRUCT(r UTINYINT, g UTINYINT, b UTINYINT));
CREATE TABLE statuses (id TINYINT PRIMARY KEY, name VARCHAR NOT NULL, category VARCHAR NOT NULL CHECK (category IN ('o', 'p', 'd')), position FLOAT UNIQUE);
CREATE TABLE issues (
    project_key VARCHAR NOT NULL REFERENCES projects (key),
    number INTEGER NOT NULL,
    kind issue_kind NOT NULL DEFAULT 'task',
    parent INTEGER,
    title VARCHAR NOT NULL CHECK (length(title) > 0),
    description VARCHAR,
    status_id TINYINT NOT NULL REFERENCES statuses (id),
    priority priority DEFAULT 'medium',
    reporter_id UUID NOT NULL REFERENCES accounts (id),
    assignee_id UUID,
    estimate INTERVAL,
    points DECIMAL(4, 1),
    fields JSON,
    label_ids INTEGER[],
    "order" DOUBLE DEFAULT 0,
    ref VARCHAR AS (project_key || '-' || CAST(number AS VARCHAR)),
    created_at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    PRIMARY KEY (project_key, number)
);
CREATE INDEX issues_assignee ON issues (assignee_id);
CREATE TABLE issue_links (from_project VARCHAR, from_number INTEGER, kind ENUM ('blocks', 'duplicates', 'relates to'), to_project VARCHAR, to_number INTEGER, FOREIGN KEY (from_project, from_number) REFERENCES issues (project_key, number));
CREATE TABLE comments (id BIGINT PRIMARY KEY DEFAULT nextval('comment_ids'), project_key VARCHAR NOT NULL, number INTEGER NOT NULL, author_id UUID, body VARCHAR NOT NULL, reactions MAP(VARCHAR, UUID[]), created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE attachments (id UUID PRIMARY KEY, comment_id BIGINT NOT NULL REFERENCES comments (id), filename VARCHAR NOT NULL, size_bytes UBIGINT NOT NULL, content BLOB);
CREATE TABLE worklogs (project_key VARCHAR NOT NULL, number INTEGER NOT NULL, account_id UUID NOT NULL, spent INTERVAL NOT NULL, worked_on DATE NOT NULL, start TIME);
CREATE TABLE watchers (project_key VARCHAR, number INTEGER, account_id UUID, PRIMARY KEY (project_key, number, account_id));
CREATE TABLE history (id BIGINT PRIMARY KEY, project_key VARCHAR NOT NULL, number INTEGER NOT NULL, changes STRUCT(field VARCHAR, "from" VARCHAR, "to" VARCHAR)[] NOT NULL, changed_at TIMESTAMP NOT NULL);
CREATE TABLE boards (id INTEGER PRIMARY KEY, name VARCHAR, columns VARCHAR[][], limits MAP(INTEGER, INTEGER));
CREATE TABLE daily_counts (day DATE PRIMARY KEY, open UINTEGER, closed UINTEGER, by_priority UINTEGER[5]);
CREATE TABLE issue_embeddings (project_key VARCHAR, number INTEGER, model VARCHAR NOT NULL, embedding FLOAT[24] NOT NULL, PRIMARY KEY (project_key, number, model));
CREATE TABLE similar_issues (a INTEGER, b INTEGER, distance DOUBLE, rank USMALLINT);
CREATE VIEW open_issues AS SELECT project_key, number, title FROM issues WHERE resolved_at IS NULL;
CREATE VIEW board AS SELECT i.project_key, i.number, i.title, s.name AS status FROM issues i JOIN statuses s ON s.id = i.status_id WHERE i.resolved_at IS NULL;
CREATE MACRO issue_ref(k, n) AS k || '-' || n;
COMMENT ON TABLE issues IS 'One row an issue; its name is KEY-number';

INSERT INTO accounts SELECT CAST(md5('account' || i) AS UUID), 'user' || i, CASE WHEN i % 4 > 0 THEN 'Nutzer № ' || i END, 'Europe/Vienna', i % 6 > 0, TIMESTAMPTZ '2021-03-28 00:59:59+00' + i * INTERVAL 1 HOUR FROM range(1, 31) r(i);
INSERT INTO teams SELECT i, 'Team ' || i, [CAST(md5('account' || j) AS UUID) FOR j IN range(1, i)] FROM range(1, 5) r(i);
INSERT INTO projects VALUES ('A', 'Project A', 1, '{"limits": [1, 2.0, 1e3]}', false), ('WEB', 'Project WEB', 3, '{}', false), ('OLD', 'Project OLD', NULL, NULL, true), ('Ü', 'Projekt', 2, '{"a":"b"}', false);
INSERT INTO milestones SELECT i, CASE i % 2 WHEN 0 THEN 'A' ELSE 'WEB' END, 'v' || i, CASE WHEN i > 1 THEN DATE '2024-01-01' END, DATE '2024-01-01' + CAST(i * 30 AS INTEGER) FROM range(1, 7) r(i);
INSERT INTO labels SELECT i, CASE i % 2 WHEN 0 THEN 'A' ELSE 'WEB' END, ['area', 'Label-' || i][1:i % 3 + 1], {'r': i, 'g': 255 - i, 'b': NULL} FROM range(1, 21) r(i);
INSERT INTO statuses VALUES (1, 'Open', 'o', 1), (2, 'In progress', 'p', 1.5), (3, 'Done', 'd', 'inf'), (4, 'Won''t do', 'd', -0.25);
INSERT INTO issues SELECT k, i, enum_range(NULL::issue_kind)[i % 4 + 1], CASE WHEN i > 3 THEN i // 3 END, 'Crash when running №' || i, CASE WHEN i % 3 > 0 THEN 'Steps:' || chr(10) || '1. run "fast"' END, i % 4 + 1, enum_range(NULL::priority)[i % 5 + 1],
    CAST(md5('account' || (i % 30 + 1)) AS UUID), CASE WHEN i % 4 > 0 THEN CAST(md5('account' || (i % 7 + 1)) AS UUID) END, CASE WHEN i % 2 = 0 THEN CAST(i AS INTEGER) * INTERVAL 90 MINUTE END, CASE WHEN i % 3 = 0 THEN i / 2 END,
    CASE WHEN i % 5 > 0 THEN '{"severity": ' || i % 3 || ', "os": ["linux", "bsd"]}' END, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE [i % 20 + 1, NULL] END, i / 3, TIMESTAMPTZ '2024-01-15 12:00:00+00' + i * INTERVAL 3 HOUR,
    CASE WHEN i % 4 > 1 THEN TIMESTAMPTZ '2024-06-01 00:00:00+00' END FROM unnest(['A', 'WEB']) u(k), range(1, 81) r(i);
INSERT INTO issue_links SELECT 'A', i, ['blocks', 'duplicates', 'relates to'][i % 3 + 1], 'WEB', 81 - i FROM range(1, 41) r(i);
INSERT INTO comments (project_key, number, author_id, body, reactions, created_at) SELECT 'WEB', i % 80 + 1, CAST(md5('account' || (i % 30 + 1)) AS UUID), 'I can reproduce it, ' || i, CASE WHEN i % 3 = 0 THEN MAP {'👍': [CAST(md5('account1') AS UUID)], 'a "b"': []} ELSE MAP {} END,
    TIMESTAMPTZ '2024-02-01 08:00:00+00' + i * INTERVAL 1 MINUTE FROM range(1, 151) r(i);
INSERT INTO attachments SELECT CAST(md5('attachment' || id) AS UUID), id, 'log ' || id || '.txt', id, encode(repeat('x', CAST(id % 40 AS INTEGER))) FROM comments WHERE id % 10 = 0;
INSERT INTO worklogs SELECT 'A', i, CAST(md5('account' || (i % 30 + 1)) AS UUID), CAST(i AS INTEGER) * INTERVAL 17 MINUTE, DATE '2024-03-01' + CAST(i % 20 AS INTEGER), TIME '08:00:00' + CAST(i AS INTEGER) * INTERVAL 1 MINUTE FROM range(1, 61) r(i);
INSERT INTO watchers SELECT 'A', i, CAST(md5('account' || (i % 30 + 1)) AS UUID) FROM range(1, 81) r(i);
INSERT INTO history SELECT i, 'A', i % 80 + 1, [{'field': 'status', 'from': '1', 'to': CAST(i % 4 AS VARCHAR)}, {'field': 'title', 'from': NULL, 'to': 'it''s "new"'}], TIMESTAMP '2024-04-01' + i * INTERVAL 1 MINUTE FROM range(1, 101) r(i);
INSERT INTO boards VALUES (1, 'Main', [['Open'], ['In progress', NULL], []], MAP {1: 5, 2: NULL}), (2, NULL, NULL, NULL);
INSERT INTO daily_counts SELECT DATE '2024-01-01' + CAST(i AS INTEGER), i, 4294967295 - i, [i, 0, NULL, 1, 2] FROM range(1, 31) r(i);
INSERT INTO issue_embeddings SELECT 'WEB', i, 'mini', CAST([CAST(sin(i * j) AS FLOAT) FOR j IN range(1, 25)] AS FLOAT[24]) FROM range(1, 81) r(i);
INSERT INTO similar_issues SELECT i, i + 1, 1 / i, i FROM range(1, 41) r(i);
INSERT INTO similar_issues SELECT * FROM similar_issues WHERE a < 3;
