-- An issue tracker as SQLite's users write it: one file for an application, rows by number, JSON for what varies, closure tables for trees, soft deletes, FTS5 with triggers, counters by triggers.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    display_name TEXT,
    avatar BLOB,
    timezone TEXT NOT NULL DEFAULT 'UTC',
    is_active BOOLEAN NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
);
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lead_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL);
CREATE TABLE team_members (team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, joined DATE NOT NULL, PRIMARY KEY (team_id, account_id)) WITHOUT ROWID;
CREATE TABLE projects (
    key TEXT PRIMARY KEY NOT NULL CHECK (length(key) BETWEEN 1 AND 10),
    name TEXT NOT NULL,
    team_id INTEGER REFERENCES teams (id),
    settings JSON NOT NULL DEFAULT '{}',
    next_number INTEGER NOT NULL DEFAULT 1,
    archived_at INTEGER
) WITHOUT ROWID;
CREATE TABLE milestones (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_key TEXT NOT NULL REFERENCES projects (key) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    starts DATE,
    due DATE,
    UNIQUE (project_key, name),
    CONSTRAINT starts_before_due CHECK (starts IS NULL OR due IS NULL OR starts <= due)
);
CREATE TABLE labels (id INTEGER PRIMARY KEY, project_key TEXT NOT NULL REFERENCES projects (key), name TEXT NOT NULL, colour TEXT NOT NULL DEFAULT '#cccccc' CHECK (colour GLOB '#*' AND length(colour) = 7), parent_id INTEGER REFERENCES labels (id));
CREATE UNIQUE INDEX labels_name ON labels (project_key, lower(name));
CREATE TABLE label_tree (ancestor_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE, descendant_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE, depth INTEGER NOT NULL CHECK (depth >= 0), PRIMARY KEY (ancestor_id, descendant_id)) WITHOUT ROWID;
CREATE INDEX label_tree_up ON label_tree (descendant_id, depth);
CREATE TABLE statuses (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL CHECK (category IN ('o', 'p', 'd')), position REAL NOT NULL UNIQUE);
CREATE TABLE transitions (from_id INTEGER REFERENCES statuses (id), to_id INTEGER REFERENCES statuses (id), name TEXT, PRIMARY KEY (from_id, to_id), CHECK (from_id <> to_id));
CREATE TABLE issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_key TEXT NOT NULL REFERENCES projects (key) ON UPDATE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT 'task' CHECK (kind IN ('bug', 'task', 'story', 'epic')),
    parent_id INTEGER REFERENCES issues (id) ON DELETE SET NULL,
    title TEXT NOT NULL CHECK (length(title) > 0),
    description TEXT,
    status_id INTEGER NOT NULL REFERENCES statuses (id),
    priority INTEGER NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 5),
    reporter_id INTEGER NOT NULL REFERENCES accounts (id),
    assignee_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    milestone_id INTEGER REFERENCES milestones (id) ON DELETE SET NULL,
    estimate_minutes INTEGER,
    points REAL,
    fields JSON CHECK (fields IS NULL OR json_valid(fields)),
    "order" REAL NOT NULL DEFAULT 0.0,
    ref TEXT GENERATED ALWAYS AS (project_key || '-' || number) VIRTUAL,
    is_open INTEGER GENERATED ALWAYS AS (resolved_at IS NULL) VIRTUAL,
    created_at INTEGER NOT NULL,
    resolved_at INTEGER,
    UNIQUE (project_key, number)
);
CREATE INDEX issues_open ON issues (assignee_id, priority DESC) WHERE resolved_at IS NULL;
CREATE INDEX issues_severity ON issues (json_extract(fields, '$.severity'));
CREATE VIRTUAL TABLE issues_fts USING fts5 (title, description, content='issues', content_rowid='id', tokenize='porter unicode61 remove_diacritics 1');
CREATE TRIGGER issues_fts_ai AFTER INSERT ON issues BEGIN INSERT INTO issues_fts (rowid, title, description) VALUES (new.id, new.title, new.description); END;
CREATE TRIGGER issues_fts_ad AFTER DELETE ON issues BEGIN INSERT INTO issues_fts (issues_fts, rowid, title, description) VALUES ('delete', old.id, old.title, old.description); END;
CREATE TRIGGER issues_fts_au AFTER UPDATE OF title, description ON issues BEGIN
    INSERT INTO issues_fts (issues_fts, rowid, title, description) VALUES ('delete', old.id, old.title, old.description);
    INSERT INTO issues_fts (rowid, title, description) VALUES (new.id, new.title, new.description);
END;
CREATE TABLE issue_labels (issue_id INTEGER NOT NULL REFERENCES issues (id) ON DELETE CASCADE, label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE, PRIMARY KEY (issue_id, label_id)) WITHOUT ROWID;
CREATE TABLE issue_links (from_id INTEGER NOT NULL REFERENCES issues (id), kind TEXT NOT NULL CHECK (kind IN ('blocks', 'duplicates', 'relates to')), to_id INTEGER NOT NULL REFERENCES issues (id), PRIMARY KEY (from_id, kind, to_id)) WITHOUT ROWID;
CREATE TABLE comments (id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues (id) ON DELETE CASCADE, author_id INTEGER REFERENCES accounts (id), body TEXT NOT NULL, reactions TEXT NOT NULL DEFAULT '[]', created_at INTEGER NOT NULL DEFAULT (strftime('%s', 'now')), deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX comments_issue ON comments (issue_id) WHERE NOT deleted;
CREATE TABLE attachments (id TEXT NOT NULL PRIMARY KEY, comment_id INTEGER NOT NULL REFERENCES comments (id) ON DELETE CASCADE, filename TEXT NOT NULL, size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0), content BLOB) WITHOUT ROWID;
CREATE TABLE worklogs (id INTEGER PRIMARY KEY, issue_id INTEGER NOT NULL REFERENCES issues (id), account_id INTEGER NOT NULL REFERENCES accounts (id), minutes INTEGER NOT NULL, at DATE NOT NULL);
CREATE TABLE watchers (issue_id INTEGER REFERENCES issues (id) ON DELETE CASCADE, account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE, PRIMARY KEY (issue_id, account_id)) WITHOUT ROWID;
CREATE TABLE history (id INTEGER PRIMARY KEY, issue_id INTEGER NOT NULL, field TEXT NOT NULL, old, new, by_id INTEGER, at INTEGER NOT NULL);
CREATE TABLE issue_embeddings (issue_id INTEGER NOT NULL REFERENCES issues (id) ON DELETE CASCADE, model TEXT NOT NULL, embedding BLOB NOT NULL, PRIMARY KEY (issue_id, model));
CREATE VIEW open_issues AS SELECT id, project_key, number, title FROM issues WHERE resolved_at IS NULL;
CREATE VIEW board AS SELECT i.id, i.title, s.name AS status FROM issues i JOIN statuses s ON s.id = i.status_id WHERE i.resolved_at IS NULL;

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
INSERT INTO accounts SELECT i, 'user' || i, CASE WHEN i % 4 > 0 THEN 'Nutzer № ' || i END, CASE WHEN i % 3 = 0 THEN CAST('png' || i AS BLOB) END, 'Europe/Vienna', i % 6 > 0, 1616893199 + i * 3600 FROM n;
INSERT INTO teams SELECT id, 'Team ' || id, CASE WHEN id < 4 THEN id END FROM accounts WHERE id <= 4;
INSERT INTO team_members SELECT id % 4 + 1, id, date('2022-01-01', id || ' days') FROM accounts;
INSERT INTO projects VALUES ('A', 'Project A', 1, '{"limits": [1, 2.0, 1e3]}', 200, NULL), ('WEB', 'Project WEB', 3, '{}', 200, NULL), ('OLD', 'Project OLD', NULL, '{"a":"b"}', 1, 1672531200), ('Ü', 'Projekt', NULL, '{}', 1, NULL);
INSERT INTO milestones (project_key, name, starts, due) SELECT k.key, 'v' || a.id, CASE WHEN a.id > 1 THEN '2024-01-01' END, date('2024-01-01', (a.id * 30) || ' days') FROM projects k, accounts a WHERE k.key IN ('A', 'WEB') AND a.id <= 3;
INSERT INTO labels SELECT id, CASE id % 2 WHEN 0 THEN 'A' ELSE 'WEB' END, 'Label-' || id, printf('#%06x', id * 7919), CASE WHEN id > 4 THEN id / 2 END FROM accounts WHERE id <= 20;
WITH RECURSIVE t (ancestor, descendant, depth) AS (SELECT id, id, 0 FROM labels UNION ALL SELECT t.ancestor, l.id, t.depth + 1 FROM t JOIN labels l ON l.parent_id = t.descendant)
INSERT INTO label_tree SELECT * FROM t;
INSERT INTO statuses VALUES (1, 'Open', 'o', 1), (2, 'In progress', 'p', 1.5), (3, 'Done', 'd', 9e999), (4, 'Won''t do', 'd', -0.25);
INSERT INTO transitions VALUES (1, 2, 'start'), (2, 3, 'finish'), (3, 1, NULL), (1, 4, 'reject');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 160)
INSERT INTO issues (project_key, number, kind, parent_id, title, description, status_id, priority, reporter_id, assignee_id, milestone_id, estimate_minutes, points, fields, "order", created_at, resolved_at)
    SELECT CASE WHEN i <= 80 THEN 'A' ELSE 'WEB' END, (i - 1) % 80 + 1, CASE i % 4 WHEN 0 THEN 'bug' WHEN 1 THEN 'task' WHEN 2 THEN 'story' ELSE 'epic' END, CASE WHEN i > 3 THEN i / 3 END, 'Crash when running №' || i,
           CASE WHEN i % 3 > 0 THEN 'Steps:' || char(10) || '1. run "fast"' || char(10) || i END, i % 4 + 1, i % 5 + 1, i % 30 + 1, CASE WHEN i % 4 > 0 THEN i % 7 + 1 END, CASE WHEN i <= 80 THEN i % 3 + 1 END, CASE WHEN i % 2 = 0 THEN i * 90 END,
           CASE WHEN i % 3 = 0 THEN i / 2.0 END, CASE WHEN i % 5 > 0 THEN json_object('severity', i % 3, 'os', json_array('linux', 'bsd')) END, i / 3.0, 1705320000 + i * 10800, CASE WHEN i % 4 > 1 THEN 1717200000 + i END FROM n;
INSERT INTO issue_labels SELECT i.id, l.id FROM issues i, labels l WHERE i.project_key = l.project_key AND (i.id + l.id) % 9 = 0;
INSERT INTO issue_links SELECT id, CASE id % 3 WHEN 0 THEN 'blocks' WHEN 1 THEN 'duplicates' ELSE 'relates to' END, 161 - id FROM issues WHERE id <= 40;
INSERT INTO comments (id, issue_id, author_id, body, reactions, created_at, deleted) SELECT 5000 + id * 2, id, id % 30 + 1, 'I can reproduce it, ' || id, CASE WHEN id % 3 = 0 THEN '["👍", {"by": [1]}]' ELSE '[]' END, 1706774400 + id * 60, id % 11 = 0 FROM issues;
INSERT INTO attachments SELECT printf('%032x', id * 31), id, 'log ' || id || '.txt', id, CASE WHEN id % 20 = 0 THEN zeroblob(id % 40) ELSE x'00ff27' END FROM comments WHERE id % 10 = 0;
INSERT INTO worklogs SELECT id, id, id % 30 + 1, id * 17, date('2024-03-01', (id % 20) || ' days') FROM issues WHERE id <= 60;
INSERT INTO watchers SELECT id, id % 30 + 1 FROM issues;
INSERT INTO history SELECT id, id % 80 + 1, CASE id % 3 WHEN 0 THEN 'status' WHEN 1 THEN 'title' ELSE 'points' END, CASE id % 3 WHEN 0 THEN id WHEN 1 THEN 'old ' || id ELSE id / 2.0 END, CASE id % 3 WHEN 0 THEN id + 1 WHEN 1 THEN 'new ' || id END, CASE WHEN id % 2 = 0 THEN 1 END, 1711929600 + id FROM issues WHERE id <= 100;
INSERT INTO issue_embeddings SELECT id, 'mini', f32(id, 24) FROM issues;
CREATE TRIGGER issues_log AFTER UPDATE OF status_id ON issues WHEN old.status_id <> new.status_id BEGIN
    INSERT INTO history (issue_id, field, old, new, at) VALUES (new.id, 'status', old.status_id, new.status_id, strftime('%s', 'now'));
END;
CREATE TRIGGER labels_tree AFTER INSERT ON labels BEGIN INSERT INTO label_tree VALUES (new.id, new.id, 0); END;
