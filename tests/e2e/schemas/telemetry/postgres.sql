-- A telemetry store as PostgreSQL's users write it: tables partitioned by time, by list and by hash, one old one by inheritance; BRIN, arrays of readings, ranges of time, rollups as materialized views, unlogged staging.
CREATE TYPE severity AS ENUM ('debug', 'info', 'warning', 'error', 'fatal');
CREATE TYPE position_3d AS (x double precision, y double precision, z real);
CREATE DOMAIN percent AS real CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN serial_number AS text CHECK (length(VALUE) = 12);
CREATE TABLE sites (id smallint PRIMARY KEY, name text NOT NULL UNIQUE, timezone text NOT NULL DEFAULT 'UTC', location point, outline polygon, opened date);
CREATE TABLE units (symbol varchar(12) PRIMARY KEY, quantity text NOT NULL, factor double precision NOT NULL DEFAULT 1, offset_by numeric(20, 10));
CREATE TABLE firmwares (id serial PRIMARY KEY, version text NOT NULL, sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32), released timestamptz, notes text, UNIQUE (version));
CREATE TABLE devices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    serial serial_number NOT NULL UNIQUE,
    site_id smallint REFERENCES sites,
    firmware_id integer REFERENCES firmwares ON DELETE SET NULL,
    mounted position_3d,
    address inet,
    mac macaddr8,
    tags jsonb NOT NULL DEFAULT '[]',
    battery percent,
    installed timestamptz NOT NULL DEFAULT now(),
    retired timestamptz,
    service tstzrange GENERATED ALWAYS AS (tstzrange(installed, retired)) STORED
);
CREATE INDEX devices_site_idx ON devices (site_id) WHERE retired IS NULL;
CREATE INDEX devices_tags_idx ON devices USING gin (tags);
CREATE INDEX devices_service_idx ON devices USING gist (service);
CREATE TABLE sensors (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device_id uuid NOT NULL REFERENCES devices ON DELETE CASCADE, channel smallint NOT NULL, unit varchar(12) REFERENCES units, calibration double precision[] NOT NULL DEFAULT '{0,1}', low real, high real, UNIQUE (device_id, channel), CHECK (low < high));
CREATE TABLE readings (
    sensor_id integer NOT NULL REFERENCES sensors,
    at timestamptz NOT NULL,
    value double precision,
    quality smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (sensor_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE readings_2024_01 PARTITION OF readings FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2024-02-01 00:00:00+00');
CREATE TABLE readings_2024_02 PARTITION OF readings FOR VALUES FROM ('2024-02-01 00:00:00+00') TO ('2024-03-01 00:00:00+00');
CREATE TABLE readings_rest PARTITION OF readings DEFAULT;
CREATE INDEX readings_at_idx ON readings USING brin (at);
CREATE TABLE events (id bigint NOT NULL, level severity NOT NULL, device_id uuid, at timestamptz NOT NULL, message text NOT NULL, attributes jsonb, PRIMARY KEY (id, level)) PARTITION BY LIST (level);
CREATE TABLE events_quiet PARTITION OF events FOR VALUES IN ('debug', 'info');
CREATE TABLE events_loud PARTITION OF events FOR VALUES IN ('warning', 'error', 'fatal');
CREATE TABLE spans (trace_id uuid NOT NULL, span_id bigint NOT NULL, parent_id bigint, service text NOT NULL, operation text NOT NULL, started timestamp NOT NULL, took interval NOT NULL, status smallint, attributes jsonb, PRIMARY KEY (trace_id, span_id)) PARTITION BY HASH (trace_id);
CREATE TABLE spans_0 PARTITION OF spans FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE spans_1 PARTITION OF spans FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE legacy_readings (id bigserial PRIMARY KEY, at timestamp NOT NULL, value numeric);
CREATE TABLE legacy_readings_2019 (CHECK (at < '2020-01-01')) INHERITS (legacy_readings);
CREATE TABLE alert_rules (id serial PRIMARY KEY, sensor_id integer REFERENCES sensors ON DELETE CASCADE, name text NOT NULL, above real, below real, "for" interval NOT NULL DEFAULT '5 minutes', level severity NOT NULL DEFAULT 'warning', is_enabled boolean NOT NULL DEFAULT true, active time with time zone, CHECK (above IS NOT NULL OR below IS NOT NULL));
CREATE TABLE alerts (id bigserial PRIMARY KEY, rule_id integer NOT NULL REFERENCES alert_rules, during tstzrange NOT NULL, peak double precision, acknowledged_by text, EXCLUDE USING gist (int4range(rule_id, rule_id, '[]') WITH &&, during WITH &&));
CREATE TABLE maintenance (device_id uuid REFERENCES devices, day date, minutes integer NOT NULL, cost money, parts text[][], PRIMARY KEY (device_id, day));
CREATE TABLE hourly (sensor_id integer, hour timestamptz, n bigint NOT NULL, low double precision, high double precision, total numeric(30, 6), histogram integer[], PRIMARY KEY (sensor_id, hour));
CREATE TABLE signatures (device_id uuid REFERENCES devices ON DELETE CASCADE, at timestamptz, spectrum vector(20) NOT NULL, PRIMARY KEY (device_id, at));
CREATE TABLE api_keys (id uuid PRIMARY KEY, hash bytea NOT NULL UNIQUE, scopes text[] NOT NULL, expires timestamptz NOT NULL DEFAULT 'infinity', last_used time(3));
CREATE UNLOGGED TABLE staging (line bigint, raw text, received timestamptz DEFAULT now());
CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
CREATE MATERIALIZED VIEW daily AS SELECT sensor_id, date_trunc('day', hour) AS day, sum(n) AS n FROM hourly GROUP BY 1, 2;
CREATE VIEW live_devices AS SELECT id, serial, site_id FROM devices WHERE retired IS NULL;
CREATE VIEW loud_events AS SELECT id, device_id, message FROM events WHERE level = 'fatal';
CREATE FUNCTION drop_old() RETURNS void LANGUAGE sql AS 'DELETE FROM staging WHERE received < now() - interval ''1 day''';
CREATE PUBLICATION everything FOR TABLE devices, sensors;

INSERT INTO sites VALUES (1, 'Nord', 'Europe/Berlin', '(53.5,10)', '((0,0),(1,0),(1,1))', '2010-05-01'), (2, 'Süd', 'UTC', NULL, NULL, '-infinity'), (-1, '', 'UTC', '(0,-90)', NULL, NULL);
INSERT INTO units VALUES ('°C', 'temperature', 1, 273.15), ('kW·h', 'energy', 3600000, NULL), ('m/s²', 'acceleration', 1e-300, 0), ('%', 'ratio', 0.01, -0.0000000001);
INSERT INTO firmwares (version, sha256, released, notes) SELECT '1.' || i, decode(repeat(md5(i::text), 2), 'hex'), CASE WHEN i > 1 THEN TIMESTAMPTZ '2023-01-01 00:00:00+00' + i * INTERVAL '30 days' END, E'- fixed\n- "more"' FROM generate_series(1, 5) i;
INSERT INTO devices (id, serial, site_id, firmware_id, mounted, address, mac, tags, battery, installed, retired) SELECT md5('device' || i)::uuid, 'SN' || lpad(i::text, 10, '0'), (ARRAY[1, 2, -1])[i % 3 + 1], NULLIF(i % 6, 0), CASE WHEN i % 4 > 0 THEN ROW(i, -i / 3.0, 0.5)::position_3d END,
    ('10.1.' || i || '.0/24')::inet, '08:00:2b:ff:fe:01:02:03', jsonb_build_array('t' || i % 4, i), CASE WHEN i % 5 > 0 THEN i * 2.5 END, TIMESTAMPTZ '2022-02-28 23:59:59.999999+00' + i * INTERVAL '1 day', CASE WHEN i % 8 = 0 THEN TIMESTAMPTZ '2024-01-01 00:00:00+00' END FROM generate_series(1, 25) i;
INSERT INTO sensors (device_id, channel, unit, calibration, low, high) SELECT md5('device' || i)::uuid, c, (ARRAY['°C', '%'])[c], ARRAY[i, 'NaN', -0.0, 1e308], CASE WHEN i % 3 > 0 THEN '-Infinity'::real ELSE 0 END, 100 FROM generate_series(1, 25) i, generate_series(1, 2) c;
INSERT INTO readings SELECT s, TIMESTAMPTZ '2024-01-30 22:00:00+00' + i * INTERVAL '11 hours 1 microsecond', CASE i % 17 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' WHEN 3 THEN -0.0 ELSE sin(s * i) * 1e10 END, i % 3 FROM generate_series(1, 10) s, generate_series(0, 99) i;
INSERT INTO events SELECT i, (enum_range(NULL::severity))[i % 5 + 1], CASE WHEN i % 6 > 0 THEN md5('device' || (i % 25 + 1))::uuid END, TIMESTAMPTZ '2024-03-01 00:00:00+00' + i * INTERVAL '5 seconds', E'line ' || i || E'\nstack\ttrace', CASE WHEN i % 3 > 0 THEN jsonb_build_object('code', i, 'temp', i / 8.0) END FROM generate_series(1, 200) i;
INSERT INTO spans SELECT md5('trace' || i / 5)::uuid, i * 7919::bigint, CASE WHEN i % 5 > 0 THEN (i - 1) * 7919::bigint END, 'svc-' || i % 3, 'GET /ü', TIMESTAMP '2024-03-01 00:00:00' + i * INTERVAL '1 millisecond', i * INTERVAL '137 microseconds', CASE WHEN i % 9 = 0 THEN 500 END, '{"http": {"method": "GET"}}' FROM generate_series(1, 150) i;
INSERT INTO legacy_readings (at, value) SELECT TIMESTAMP '2020-01-01 00:00:00' + i * INTERVAL '1 day', i * 1.10 FROM generate_series(1, 20) i;
INSERT INTO legacy_readings_2019 (at, value) SELECT TIMESTAMP '2019-01-01 00:00:00' + i * INTERVAL '1 day', NULL FROM generate_series(1, 10) i;
INSERT INTO alert_rules (sensor_id, name, above, below, "for", level, active) SELECT i, 'rule ' || i, CASE WHEN i % 2 = 0 THEN i END, CASE WHEN i % 2 = 1 THEN -i END, i * INTERVAL '1 minute', (enum_range(NULL::severity))[i % 3 + 3], CASE WHEN i % 4 = 0 THEN '08:30:00+02'::timetz END FROM generate_series(1, 12) i;
INSERT INTO alerts (rule_id, during, peak, acknowledged_by) SELECT i, tstzrange(TIMESTAMPTZ '2024-04-01 00:00:00+00', CASE WHEN i % 3 > 0 THEN TIMESTAMPTZ '2024-04-01 01:00:00+00' END), i * 1.1, CASE WHEN i % 2 = 0 THEN 'ops' END FROM generate_series(1, 12) i;
INSERT INTO maintenance SELECT md5('device' || i)::uuid, DATE '2024-05-01' + i, i * 7, (i * 12.34)::numeric::money, CASE WHEN i % 2 = 0 THEN ARRAY[['bolt', 'M3'], ['"nut"', NULL]] END FROM generate_series(1, 15) i;
INSERT INTO hourly SELECT s, TIMESTAMPTZ '2024-01-01 00:00:00+00' + i * INTERVAL '1 hour', i, -i, i / 3.0, i * 123456789.123456, ARRAY[i, 0, NULL, s] FROM generate_series(1, 5) s, generate_series(1, 24) i;
INSERT INTO signatures SELECT md5('device' || i)::uuid, TIMESTAMPTZ '2024-05-01 00:00:00+00', ARRAY(SELECT sin(i * j)::real FROM generate_series(1, 20) j)::vector FROM generate_series(1, 25) i;
INSERT INTO api_keys SELECT md5('key' || i)::uuid, decode(md5(i::text), 'hex'), ARRAY['read', 'write:all'], CASE WHEN i % 2 = 0 THEN TIMESTAMPTZ '2025-01-01 00:00:00+00' ELSE 'infinity' END, CASE WHEN i % 3 > 0 THEN TIME '23:59:59.999' END FROM generate_series(1, 6) i;
INSERT INTO staging SELECT i, 'raw;' || i, TIMESTAMPTZ '2024-06-01 00:00:00+00' FROM generate_series(1, 20) i UNION ALL SELECT 1, 'raw;1', TIMESTAMPTZ '2024-06-01 00:00:00+00';
INSERT INTO schema_migrations VALUES (20240101120000, false), (20240201120000, true);
REFRESH MATERIALIZED VIEW daily;
