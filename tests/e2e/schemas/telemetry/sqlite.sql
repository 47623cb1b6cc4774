-- A telemetry store as SQLite's users write it: a table a month with a view over them, keys WITHOUT ROWID, epochs in microseconds and milliseconds, packed BLOBs of samples, STRICT tables, rollups kept by triggers.
CREATE TABLE sites (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, timezone TEXT NOT NULL DEFAULT 'UTC', latitude REAL, longitude REAL, opened DATE);
CREATE TABLE units (symbol TEXT PRIMARY KEY NOT NULL, quantity TEXT NOT NULL, factor REAL NOT NULL DEFAULT 1.0, offset_by NUMERIC) WITHOUT ROWID;
CREATE TABLE firmwares (id INTEGER PRIMARY KEY AUTOINCREMENT, version TEXT NOT NULL UNIQUE, sha256 BLOB NOT NULL CHECK (length(sha256) = 32), released_at INTEGER, notes TEXT);
CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE CHECK (length(serial) = 12),
    site_id INTEGER REFERENCES sites (id),
    firmware_id INTEGER REFERENCES firmwares (id) ON DELETE SET NULL,
    mounted TEXT,
    tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
    battery REAL CHECK (battery BETWEEN 0 AND 100),
    installed_us INTEGER NOT NULL,
    retired_us INTEGER,
    is_live INTEGER GENERATED ALWAYS AS (retired_us IS NULL) VIRTUAL
);
CREATE INDEX devices_live ON devices (site_id) WHERE retired_us IS NULL;
CREATE TABLE sensors (id INTEGER PRIMARY KEY, device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE, channel INTEGER NOT NULL, unit TEXT REFERENCES units (symbol), calibration TEXT NOT NULL DEFAULT '[0, 1]', low REAL, high REAL, UNIQUE (device_id, channel), CHECK (low < high));
CREATE TABLE readings_2024_01 (sensor_id INTEGER NOT NULL, at_us INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (sensor_id, at_us)) STRICT, WITHOUT ROWID;
CREATE TABLE readings_2024_02 (sensor_id INTEGER NOT NULL, at_us INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (sensor_id, at_us)) STRICT, WITHOUT ROWID;
CREATE VIEW readings AS SELECT sensor_id, at_us, value, quality FROM readings_2024_01 UNION ALL SELECT sensor_id, at_us, value, quality FROM readings_2024_02;
CREATE TABLE bursts (sensor_id INTEGER NOT NULL, started_us INTEGER NOT NULL, hz REAL NOT NULL, samples BLOB NOT NULL, PRIMARY KEY (sensor_id, started_us)) WITHOUT ROWID;
CREATE TABLE events (id INTEGER PRIMARY KEY, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), device_id INTEGER REFERENCES devices (id), at_ms INTEGER NOT NULL, message TEXT NOT NULL, attributes TEXT);
CREATE INDEX events_loud ON events (at_ms DESC) WHERE level >= 2;
CREATE VIRTUAL TABLE events_fts USING fts5 (message, content='events', content_rowid='id');
CREATE TRIGGER events_ai AFTER INSERT ON events BEGIN INSERT INTO events_fts (rowid, message) VALUES (new.id, new.message); END;
CREATE TRIGGER events_ad AFTER DELETE ON events BEGIN INSERT INTO events_fts (events_fts, rowid, message) VALUES ('delete', old.id, old.message); END;
CREATE TABLE spans (trace_id BLOB NOT NULL CHECK (length(trace_id) = 16), span_id INTEGER NOT NULL, parent_id INTEGER, service TEXT NOT NULL, operation TEXT NOT NULL, started_us INTEGER NOT NULL, took_us INTEGER NOT NULL, status INTEGER, attributes JSON, PRIMARY KEY (trace_id, span_id)) WITHOUT ROWID;
CREATE TABLE alert_rules (id INTEGER PRIMARY KEY, sensor_id INTEGER REFERENCES sensors (id) ON DELETE CASCADE, name TEXT NOT NULL, above REAL, below REAL, for_seconds INTEGER NOT NULL DEFAULT 300, level INTEGER NOT NULL DEFAULT 2, is_enabled BOOLEAN NOT NULL DEFAULT TRUE, CHECK (above IS NOT NULL OR below IS NOT NULL));
CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, rule_id INTEGER NOT NULL REFERENCES alert_rules (id), began INTEGER NOT NULL, ended INTEGER, peak REAL, acknowledged_by TEXT, CHECK (ended IS NULL OR ended >= began));
CREATE TABLE maintenance (device_id INTEGER NOT NULL REFERENCES devices (id), day DATE NOT NULL, minutes INTEGER NOT NULL, cost_cents INTEGER, parts TEXT, PRIMARY KEY (device_id, day));
CREATE TABLE hourly (sensor_id INTEGER NOT NULL, hour INTEGER NOT NULL, n INTEGER NOT NULL, low REAL, high REAL, total REAL, mean REAL GENERATED ALWAYS AS (total / n) VIRTUAL, PRIMARY KEY (sensor_id, hour)) WITHOUT ROWID;
CREATE TABLE signatures (device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE, at_us INTEGER NOT NULL, spectrum BLOB NOT NULL, PRIMARY KEY (device_id, at_us));
CREATE TABLE api_keys (id TEXT PRIMARY KEY NOT NULL, hash BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL, expires TEXT) STRICT;
CREATE TABLE staging (line INTEGER, raw TEXT, received TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, dirty INTEGER NOT NULL);
CREATE VIEW live_devices AS SELECT id, serial, site_id FROM devices WHERE retired_us IS NULL;
CREATE TRIGGER readings_rollup AFTER INSERT ON readings_2024_02 BEGIN
    INSERT INTO hourly (sensor_id, hour, n, low, high, total) VALUES (new.sensor_id, new.at_us / 3600000000, 1, new.value, new.value, new.value)
        ON CONFLICT (sensor_id, hour) DO UPDATE SET n = n + 1, low = min(low, excluded.low), high = max(high, excluded.high), total = total + excluded.total;
END;

INSERT INTO sites VALUES (1, 'Nord', 'Europe/Berlin', 53.5, 10, '2010-05-01'), (2, 'Süd', 'UTC', NULL, NULL, NULL), (-1, '', 'UTC', 0.0, -90.0, '1999-12-31');
INSERT INTO units VALUES ('°C', 'temperature', 1, 273.15), ('kW·h', 'energy', 3600000, NULL), ('m/s²', 'acceleration', 1e-300, 0), ('%', 'ratio', 0.01, -0.5);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
INSERT INTO firmwares (version, sha256, released_at, notes) SELECT '1.' || i, CAST(printf('%032d', i) AS BLOB), CASE WHEN i > 1 THEN 1672531200 + i * 2592000 END, '- fixed' || char(10) || '- "more"' FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
INSERT INTO devices (id, serial, site_id, firmware_id, mounted, tags, battery, installed_us, retired_us) SELECT i, printf('SN%010d', i), CASE i % 3 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE -1 END, nullif(i % 6, 0), CASE WHEN i % 4 > 0 THEN json_object('x', i, 'y', -i / 3.0) END, json_array('t' || (i % 4), i), CASE WHEN i % 5 > 0 THEN i * 2.5 END,
    1646092799999999 + i * 86400000000, CASE WHEN i % 8 = 0 THEN 1704067200000000 END FROM n;
INSERT INTO sensors (device_id, channel, unit, calibration, low, high) SELECT d.id, s.id, CASE s.id WHEN 1 THEN '°C' ELSE '%' END, json_array(d.id, 0.5, 1e300), CASE WHEN d.id % 3 > 0 THEN -9e999 ELSE 0 END, 100 FROM devices d, sites s WHERE s.id > 0;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
INSERT INTO readings_2024_01 SELECT s.id, 1704067200000001 + i * 3600000000, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN -0.0 WHEN 2 THEN 9e999 ELSE s.id * i / 7.0 END, i % 3 FROM sensors s, n WHERE s.id <= 10;
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
INSERT INTO readings_2024_02 SELECT s.id, 1706745600000001 + i * 600000000, s.id * i / 7.0, i % 3 FROM sensors s, n WHERE s.id <= 10;
INSERT INTO bursts SELECT id, 1706745600000001 + id, 44100.0, f32(id, 40) FROM sensors;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO events SELECT i, i % 5, CASE WHEN i % 6 > 0 THEN i % 25 + 1 END, 1709251200000 + i * 5000, 'line ' || i || char(10) || 'stack' || char(9) || 'trace', CASE WHEN i % 3 > 0 THEN json_object('code', i, 'temp', i / 8.0) END FROM n;
INSERT INTO spans SELECT CAST(printf('%016d', id / 5) AS BLOB), id * 7919, CASE WHEN id % 5 > 0 THEN (id - 1) * 7919 END, 'svc-' || (id % 3), 'GET /ü', 1709251200000000 + id * 1000, id * 137, CASE WHEN id % 9 = 0 THEN 500 END, '{"http": {"method": "GET"}}' FROM events WHERE id <= 150;
INSERT INTO alert_rules (id, sensor_id, name, above, below, for_seconds, level, is_enabled) SELECT id, id, 'rule ' || id, CASE WHEN id % 2 = 0 THEN id END, CASE WHEN id % 2 = 1 THEN -id END, id * 60, id % 3 + 2, id % 5 > 0 FROM sensors WHERE id <= 12;
INSERT INTO alerts (rule_id, began, ended, peak, acknowledged_by) SELECT id, 1711929600, CASE WHEN id % 3 > 0 THEN 1711933200 END, id * 1.1, CASE WHEN id % 2 = 0 THEN 'ops' END FROM alert_rules;
INSERT INTO maintenance SELECT id, date('2024-05-01', id || ' days'), id * 7, id * 1234, CASE WHEN id % 2 = 0 THEN '[["bolt", "M3"], ["nut", null]]' END FROM devices WHERE id <= 15;
INSERT INTO signatures SELECT id, 1714521600000000, f32(id, 20) FROM devices;
INSERT INTO api_keys SELECT printf('key_%d', id), CAST(printf('hash%d', id) AS BLOB), 'read write:all', CASE WHEN id % 2 = 0 THEN '2025-01-01T00:00:00Z' END FROM devices WHERE id <= 6;
INSERT INTO staging SELECT id, 'raw;' || id, '2024-06-01 00:00:00' FROM devices WHERE id < 20 UNION ALL SELECT 1, 'raw;1', '2024-06-01 00:00:00';
INSERT INTO schema_migrations VALUES (20240101120000, 0), (20240201120000, 1);
