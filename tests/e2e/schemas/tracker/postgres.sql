-- An issue tracker as PostgreSQL's users write it: trees by parent, labels, custom fields as jsonb, numbers that count by project, exclusion and composite keys, deferrable keys, generated search.
CREATE TYPE issue_kind AS ENUM ('bug', 'task', 'story', 'epic');
CREATE TYPE priority AS ENUM ('lowest', 'low', 'medium', 'high', 'highest');
CREATE TYPE link_kind AS ENUM ('blocks', 'duplicates', 'relates to');
CREATE DOMAIN hex_colour AS char(7) CHECK (VALUE ~ '^#[0-9a-f]{6}$');
CREATE DOMAIN project_key AS varchar(10) NOT NULL;
CREATE TABLE accounts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    login varchar(60) NOT NULL UNIQUE,
    display_name text,
    avatar bytea,
    timezone text NOT NULL DEFAULT 'UTC',
    is_active boolean NOT NULL DEFAULT true,
    last_seen_from cidr,
    device macaddr,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE teams (id smallserial PRIMARY KEY, name text NOT NULL UNIQUE, lead_id uuid REFERENCES accounts ON DELETE SET NULL);
CREATE TABLE team_members (team_id smallint REFERENCES teams ON DELETE CASCADE, account_id uuid REFERENCES accounts ON DELETE CASCADE, joined date NOT NULL DEFAULT CURRENT_DATE, PRIMARY KEY (team_id, account_id));
CREATE TABLE projects (
    key project_key PRIMARY KEY,
    name text NOT NULL,
    team_id smallint REFERENCES teams,
    settings jsonb NOT NULL DEFAULT '{}',
    next_number integer NOT NULL DEFAULT 1,
    archived_at timestamptz
);
CREATE TABLE milestones (
    id serial PRIMARY KEY,
    project_key project_key REFERENCES projects ON UPDATE CASCADE,
    name text NOT NULL,
    starts date,
    due date,
    CONSTRAINT starts_before_due CHECK (starts <= due),
    UNIQUE (project_key, name)
);
CREATE TABLE labels (
    id serial PRIMARY KEY,
    project_key project_key REFERENCES projects,
    name text NOT NULL,
    colour hex_colour NOT NULL DEFAULT '#cccccc',
    parent_id integer REFERENCES labels
);
CREATE UNIQUE INDEX labels_name_idx ON labels (project_key, lower(name COLLATE "C"));
CREATE TABLE statuses (id smallint PRIMARY KEY, name text NOT NULL, category char(1) NOT NULL CHECK (category IN ('o', 'p', 'd')), position real NOT NULL UNIQUE);
CREATE TABLE transitions (from_id smallint REFERENCES statuses, to_id smallint REFERENCES statuses, name text, PRIMARY KEY (from_id, to_id), CHECK (from_id <> to_id));
CREATE TABLE issues (
    project_key project_key REFERENCES projects ON UPDATE CASCADE,
    number integer NOT NULL,
    kind issue_kind NOT NULL DEFAULT 'task',
    parent_project varchar(10),
    parent_number integer,
    title text NOT NULL CHECK (length(title) > 0),
    description text,
    status_id smallint NOT NULL REFERENCES statuses,
    priority priority NOT NULL DEFAULT 'medium',
    reporter_id uuid NOT NULL REFERENCES accounts,
    assignee_id uuid REFERENCES accounts ON DELETE SET NULL,
    milestone_id integer REFERENCES milestones ON DELETE SET NULL,
    estimate interval,
    points numeric(4, 1),
    fields jsonb,
    "order" double precision NOT NULL DEFAULT 0,
    is_open boolean GENERATED ALWAYS AS (resolved_at IS NULL) STORED,
    created_at timestamptz NOT NULL,
    resolved_at timestamptz,
    PRIMARY KEY (project_key, number),
    FOREIGN KEY (parent_project, parent_number) REFERENCES issues (project_key, number) MATCH FULL ON DELETE SET NULL DEFERRABLE
);
CREATE INDEX issues_open_idx ON issues (assignee_id, priority DESC) WHERE resolved_at IS NULL;
CREATE INDEX issues_fields_idx ON issues USING gin (fields);
CREATE INDEX issues_text_idx ON issues USING gin (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(description, '')));
CREATE INDEX issues_created_idx ON issues USING brin (created_at);
CREATE TABLE issue_labels (
    project_key varchar(10),
    number integer,
    label_id integer REFERENCES labels ON DELETE CASCADE,
    PRIMARY KEY (project_key, number, label_id),
    FOREIGN KEY (project_key, number) REFERENCES issues ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE issue_links (
    from_project varchar(10), from_number integer, kind link_kind, to_project varchar(10), to_number integer,
    PRIMARY KEY (from_project, from_number, kind, to_project, to_number),
    FOREIGN KEY (from_project, from_number) REFERENCES issues, FOREIGN KEY (to_project, to_number) REFERENCES issues
);
CREATE TABLE comments (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 5000 INCREMENT BY 2) PRIMARY KEY,
    project_key varchar(10) NOT NULL,
    number integer NOT NULL,
    author_id uuid REFERENCES accounts,
    body text NOT NULL,
    reactions jsonb NOT NULL DEFAULT '[]',
    edited timestamptz[],
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (project_key, number) REFERENCES issues ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE attachments (id uuid PRIMARY KEY, comment_id bigint NOT NULL REFERENCES comments ON DELETE CASCADE, filename text NOT NULL, size_bytes bigint NOT NULL CHECK (size_bytes >= 0), content bytea);
CREATE TABLE worklogs (id bigserial PRIMARY KEY, project_key varchar(10) NOT NULL, number integer NOT NULL, account_id uuid NOT NULL REFERENCES accounts, spent interval NOT NULL, at date NOT NULL, during tsrange,
    FOREIGN KEY (project_key, number) REFERENCES issues);
CREATE TABLE watchers (project_key varchar(10), number integer, account_id uuid REFERENCES accounts ON DELETE CASCADE, PRIMARY KEY (project_key, number, account_id), FOREIGN KEY (project_key, number) REFERENCES issues ON DELETE CASCADE);
CREATE TABLE history (id bigserial PRIMARY KEY, project_key varchar(10) NOT NULL, number integer NOT NULL, changed jsonb NOT NULL, by_id uuid, at timestamptz NOT NULL);
CREATE INDEX history_issue_idx ON history (project_key, number, at DESC);
CREATE TABLE filters (id serial PRIMARY KEY, owner_id uuid REFERENCES accounts, name text NOT NULL, query json NOT NULL, columns text[] NOT NULL, widths integer[], UNIQUE (owner_id, name));
CREATE TABLE issue_embeddings (project_key varchar(10), number integer, model varchar(40) NOT NULL, embedding vector(24) NOT NULL, sparse sparsevec(1000), PRIMARY KEY (project_key, number, model), FOREIGN KEY (project_key, number) REFERENCES issues ON DELETE CASCADE);
CREATE INDEX issue_embeddings_idx ON issue_embeddings USING hnsw (embedding vector_ip_ops);
CREATE VIEW board AS SELECT i.project_key, i.number, i.title, s.name AS status FROM issues i JOIN statuses s ON s.id = i.status_id WHERE i.resolved_at IS NULL;
CREATE VIEW open_issues AS SELECT project_key, number, title FROM issues WHERE resolved_at IS NULL;
CREATE FUNCTION issue_ref(k text, n integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT k || ''-'' || n';
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO history (project_key, number, changed, at) VALUES (NEW.project_key, NEW.number, to_jsonb(NEW), now()); RETURN NULL; END$$;
CREATE PROCEDURE close_all(k text) LANGUAGE sql AS 'UPDATE issues SET resolved_at = now() WHERE project_key = k AND resolved_at IS NULL';
COMMENT ON TABLE issues IS 'One row an issue; its name is KEY-number';
COMMENT ON COLUMN issues."order" IS 'on the board';

INSERT INTO accounts (id, login, display_name, avatar, timezone, is_active, last_seen_from, device, created_at) SELECT md5('account' || i)::uuid, 'user' || i, CASE WHEN i % 4 > 0 THEN 'Nutzer № ' || i END, CASE WHEN i % 3 = 0 THEN decode(md5(i::text), 'hex') END, 'Europe/Vienna', i % 6 > 0,
    CASE WHEN i % 2 = 0 THEN cidr '10.0.0.0/8' END, CASE WHEN i % 5 = 0 THEN macaddr '08:00:2b:01:02:03' END, TIMESTAMPTZ '2021-03-28 00:59:59+00' + i * INTERVAL '1 hour' FROM generate_series(1, 30) i;
INSERT INTO teams (name, lead_id) SELECT 'Team ' || i, CASE WHEN i < 4 THEN md5('account' || i)::uuid END FROM generate_series(1, 4) i;
INSERT INTO team_members SELECT i % 4 + 1, md5('account' || i)::uuid, DATE '2022-01-01' + i FROM generate_series(1, 30) i;
INSERT INTO projects SELECT k, 'Project ' || k, length(k), jsonb_build_object('key', k, 'limits', jsonb_build_array(1, 2.0, 1e3)), 200, CASE k WHEN 'OLD' THEN TIMESTAMPTZ '2023-01-01 00:00:00+00' END FROM unnest(ARRAY['A', 'WEB', 'OLD', 'Ü']) k;
INSERT INTO milestones (project_key, name, starts, due) SELECT k, 'v' || i, CASE WHEN i > 1 THEN DATE '2024-01-01' END, DATE '2024-01-01' + i * 30 FROM unnest(ARRAY['A', 'WEB']) k, generate_series(1, 3) i;
INSERT INTO labels (project_key, name, colour, parent_id) SELECT (ARRAY['A', 'WEB'])[i % 2 + 1], 'Label-' || i, '#' || substr(md5(i::text), 1, 6), CASE WHEN i > 4 THEN i / 2 END FROM generate_series(1, 20) i;
INSERT INTO statuses VALUES (1, 'Open', 'o', 1), (2, 'In progress', 'p', 1.5), (3, 'Done', 'd', 'Infinity'), (4, 'Won''t do', 'd', -0.0);
INSERT INTO transitions VALUES (1, 2, 'start'), (2, 3, 'finish'), (3, 1, NULL), (1, 4, 'reject');
INSERT INTO issues (project_key, number, kind, parent_project, parent_number, title, description, status_id, priority, reporter_id, assignee_id, milestone_id, estimate, points, fields, "order", created_at, resolved_at)
    SELECT k, i, (enum_range(NULL::issue_kind))[i % 4 + 1], CASE WHEN i > 3 THEN k END, CASE WHEN i > 3 THEN i / 3 END, 'Crash when running №' || i, CASE WHEN i % 3 > 0 THEN E'Steps:\n1. run\n2. "crash"\n\tline ' || i END, i % 4 + 1,
           (enum_range(NULL::priority))[i % 5 + 1], md5('account' || (i % 30 + 1))::uuid, CASE WHEN i % 4 > 0 THEN md5('account' || (i % 7 + 1))::uuid END, CASE k WHEN 'A' THEN i % 3 + 1 END, CASE WHEN i % 2 = 0 THEN i * INTERVAL '90 minutes' END, CASE WHEN i % 3 = 0 THEN i / 2.0 END,
           CASE WHEN i % 5 > 0 THEN jsonb_build_object('severity', i % 3, 'os', ARRAY['linux', 'bsd'], 'nested', jsonb_build_object('a', NULL)) END, i / 3.0, TIMESTAMPTZ '2024-01-15 12:00:00+00' + i * INTERVAL '3 hours', CASE WHEN i % 4 > 1 THEN TIMESTAMPTZ '2024-06-01 00:00:00+00' END
    FROM unnest(ARRAY['A', 'WEB']) k, generate_series(1, 80) i;
INSERT INTO issue_labels SELECT (ARRAY['A', 'WEB'])[l.id % 2 + 1], i, l.id FROM labels l, generate_series(1, 80, 7) i;
INSERT INTO issue_links SELECT 'A', i, (enum_range(NULL::link_kind))[i % 3 + 1], 'WEB', 81 - i FROM generate_series(1, 40) i;
INSERT INTO comments (project_key, number, author_id, body, reactions, edited, created_at) SELECT 'WEB', i % 80 + 1, md5('account' || (i % 30 + 1))::uuid, 'I can reproduce it, ' || i, CASE WHEN i % 3 = 0 THEN '["👍", {"by": [1]}]' ELSE '[]' END::jsonb,
    CASE WHEN i % 4 = 0 THEN ARRAY[TIMESTAMPTZ '2024-02-01 00:00:00+00', NULL] END, TIMESTAMPTZ '2024-02-01 08:00:00+00' + i * INTERVAL '1 minute 1 microsecond' FROM generate_series(1, 150) i;
INSERT INTO attachments SELECT md5('attachment' || id)::uuid, id, 'log ' || id || '.txt', id, decode(repeat('00ff27', (id % 40)::int), 'hex') FROM comments WHERE id % 10 = 0;
INSERT INTO worklogs (project_key, number, account_id, spent, at, during) SELECT 'A', i, md5('account' || (i % 30 + 1))::uuid, i * INTERVAL '17 minutes', DATE '2024-03-01' + i % 20, CASE WHEN i % 2 = 0 THEN tsrange(TIMESTAMP '2024-03-01 08:00:00', TIMESTAMP '2024-03-01 09:00:00' + i * INTERVAL '1 minute') END FROM generate_series(1, 60) i;
INSERT INTO watchers SELECT 'A', i, md5('account' || (i % 30 + 1))::uuid FROM generate_series(1, 80) i;
INSERT INTO history (project_key, number, changed, by_id, at) SELECT 'A', i % 80 + 1, jsonb_build_object('status', jsonb_build_array(1, i % 4)), CASE WHEN i % 2 = 0 THEN md5('account1')::uuid END, TIMESTAMPTZ '2024-04-01 00:00:00+00' + i * INTERVAL '1 minute' FROM generate_series(1, 100) i;
INSERT INTO filters (owner_id, name, query, columns, widths) SELECT md5('account' || i)::uuid, 'mine', '{"assignee":  "me", "assignee": "you"}', ARRAY['key', 'title, "quoted"'], CASE WHEN i % 2 = 0 THEN ARRAY[i, NULL] END FROM generate_series(1, 5) i;
INSERT INTO issue_embeddings SELECT 'WEB', i, 'mini', ARRAY(SELECT sin(i * j)::real FROM generate_series(1, 24) j)::vector, CASE WHEN i % 2 = 0 THEN ('{1:0.5,' || i + 1 || ':-2}/1000')::sparsevec END FROM generate_series(1, 80) i;
CREATE TRIGGER issues_log AFTER UPDATE ON issues FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION log_change();
