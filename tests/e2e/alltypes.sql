-- A database with every type that a column can have, at its extremes, and the objects around the rows.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'it''s "odd"');
CREATE DOMAIN posint AS integer NOT NULL DEFAULT 1;
CREATE DOMAIN short_text AS varchar(10);
CREATE TYPE pair AS (a integer, b text);
CREATE SEQUENCE free_seq START 7 INCREMENT 3;
SELECT nextval('free_seq'), nextval('free_seq');

CREATE TABLE numbers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision,
    n numeric, n_12_2 numeric(12, 2), n_neg numeric(5, -2), m money, o oid
);
INSERT INTO numbers (b, i2, i4, i8, f4, f8, n, n_12_2, n_neg, m, o) VALUES
    (true, 32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 123456789012345678901234567890.123456789, 9999999999.99, 12300, '92233720368547758.07', 4294967295),
    (false, -32768, -2147483648, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308, -0.000000000000000000000000000000000000001, -0.01, -12300, '-92233720368547758.08', 0),
    (NULL, 0, 0, 0, '-0', '-0', 'NaN', 'NaN', 'NaN', '0', NULL),
    (true, 1, 1, 9007199254740993, 'NaN', 'NaN', 'Infinity', 1.10, NULL, '1.50', 1),
    (true, 1, 1, 1, 'Infinity', 'Infinity', '-Infinity', 1.00, NULL, NULL, 1),
    (true, 1, 1, 1, '-Infinity', '-Infinity', 1.500, 0, 0, NULL, 1),
    (true, 1, 1, 1, 1e-45, 5e-324, 1e-400, 0.00, 0, NULL, 1),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE texts (
    id serial PRIMARY KEY,
    t text, v varchar(20), c char(5), nm name, by bytea, u uuid, j json, jb jsonb, x text COLLATE "C",
    e mood, d posint, st short_text, ch "char"
);
INSERT INTO texts (t, v, c, nm, by, u, j, jb, x, e, d, st, ch) VALUES
    ('', '', '', '', '', '00000000-0000-0000-0000-000000000000', '{"b": 1,  "a": 1e2, "a": 2}', '{"b": 1, "a": 100.50}', '', 'sad', 5, '', 'x'),
    (E'line\nbreak\ttab \\ ''quote'' "double" %s %n', 'trailing   ', 'ab', 'name', '\x00ff00', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', 'null', E'\x01', 'it''s "odd"', 1, 'ten chars!', ''),
    ('日本語 🏳️‍🌈 e' || U&'\0301', 'é', 'é', 'ñ', '\xdeadbeef', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '[12345678901234567890123, "\u00e9", "\ud83d\ude00"]', '[12345678901234567890123]', 'é', 'happy', 2, 'é', NULL),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3, NULL, NULL);

CREATE TABLE times (
    id integer PRIMARY KEY,
    d date, t time, t3 time(3), ttz timetz, ts timestamp, ts0 timestamp(0), tstz timestamptz, iv interval, ivd interval day to second
);
INSERT INTO times VALUES
    (1, '2024-02-29', '23:59:59.999999', '00:00:00.123', '12:00:00+05:30', '2024-02-29 23:59:59.999999', '2024-01-01 00:00:01', '2024-03-31 02:30:00+01', '1 year 2 mons -3 days 04:05:06.789', '3 days 04:05:06.5'),
    (2, '4713-01-01 BC', '24:00:00', '00:00', '24:00:00-15:59', '4713-01-01 00:00:00 BC', '0044-03-15 12:00 BC', '4713-01-01 00:00:00+00 BC', '-178000000 years', '-1 day'),
    (3, '5874897-12-31', '00:00:00', '12:00', '00:00:00+00', '294276-12-31 23:59:59.999999', '1969-12-31 23:59:59', '294276-12-31 23:59:59.999999+00', '178000000 years', '0'),
    (4, 'infinity', NULL, NULL, NULL, 'infinity', '-infinity', '-infinity', '0', NULL),
    (5, '-infinity', '00:00:00.000001', NULL, '00:00:00.000001-00:00:01', '-infinity', 'infinity', 'infinity', '1 mon -1 day +00:00:00.000001', NULL),
    (6, '1970-01-01', NULL, NULL, NULL, '1970-01-01', '2000-01-01', '1969-12-31 23:59:59.999999+00', NULL, NULL),
    (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE arrays (
    id integer PRIMARY KEY,
    i integer[], i2 smallint[], b8 bigint[], t text[], bo boolean[], f real[], g double precision[], n numeric[], u uuid[], d date[], ts timestamptz[], by bytea[], j jsonb[], e mood[], vc varchar(5)[], iv interval[], r int4range[], ip inet[]
);
INSERT INTO arrays VALUES
    (1, '{1,2,NULL}', '{1}', '{9223372036854775807}', '{"a b","",NULL,"null","q\"\\"}', '{t,f,NULL}', '{1.5,NaN,-Infinity,-0}', '{1.1,2.2,3.3}', '{1.50,NaN,-12345678901234567890.1}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{2024-02-29,infinity}', '{"2024-02-29 12:00:00+00"}', '{"\\x00ff"}', '{"{\"a\": 1}","null"}', '{sad,happy}', '{abc}', '{"1 day","-1 mon"}', '{"[1,5)",empty}', '{10.0.0.1,::1/64}'),
    (2, '{{1,2},{3,4}}', '{}', '{}', '{{a,b},{c,NULL}}', '{}', '{{1,2},{3,4}}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    (3, '[0:1]={7,8}', '[-3:-2]={1,2}', '{{{1},{2}},{{3},{4}}}', '{"",""}', NULL, NULL, '{1,2}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE others (
    id integer PRIMARY KEY,
    ip inet, net cidr, mac macaddr, mac8 macaddr8, bi bit(5), bv bit varying(12), ir int4range, nr numrange, tr tstzrange, dr daterange, mr int4multirange,
    tv tsvector, tq tsquery, p point, l line, ls lseg, bx box, pt path, pg polygon, ci circle, ls2 pg_lsn, co pair, jp jsonpath, rc regclass, xid8_ xid8
);
INSERT INTO others VALUES
    (1, '192.168.1.5/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'10110', B'101', '[1,10)', '(,5.5]', '["2024-01-01 00:00:00+00",infinity)', '[2024-01-01,2024-02-01)', '{[1,3),[5,9)}',
     'a:1A fat:2B,4C cat:5', 'fat & (rat | cat)', '(1.5,-2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),2.5>', '16/B374D848', '(1,"a ""b""")', '$.a[*] ? (@ > 1)', 'pg_class', '42'),
    (2, '::ffff:1.2.3.4', '2001:db8::/32', NULL, NULL, B'00000', B'', 'empty', '(,)', NULL, NULL, '{}', '''it''''s'':1', NULL, '(0,0)', NULL, NULL, NULL, NULL, NULL, NULL, '0/0', '(,)', NULL, NULL, NULL),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE vectors (
    id integer PRIMARY KEY,
    v vector(3), h halfvec(3), s sparsevec(5), b bit(12), a8 double precision[], a4 real[], any_v vector
);
INSERT INTO vectors VALUES
    (1, '[1,-2.5,0]', '[1,-2.5,0]', '{1:1,5:-2.5}/5', B'101100011100', '{1.1,2.2,3.3}', '{1.1,2.2,3.3}', '[1,2]'),
    (2, '[-0,1.17549435e-38,1e-45]', '[65504,6e-8,-0]', '{}/5', B'000000000000', '{-0,5e-324,1.7976931348623157e308}', '{-0,1e-45,3.4028235e38}', '[1,2,3]'),
    (3, '[3.4028235e38,-3.4028235e38,0.1]', '[0.1,0.2,0.3]', '{2:0.1,3:1e-45}/5', B'111111111111', '{1,2,3}', '{1,2,3}', NULL),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, '[7]');
CREATE INDEX vectors_v_hnsw ON vectors USING hnsw (v vector_cosine_ops) WITH (m = 8, ef_construction = 32);
CREATE INDEX vectors_h_hnsw ON vectors USING hnsw (h halfvec_l2_ops);
CREATE INDEX vectors_s_hnsw ON vectors USING hnsw (s sparsevec_ip_ops);
CREATE INDEX vectors_b_hnsw ON vectors USING hnsw (b bit_hamming_ops);
CREATE INDEX vectors_v_ivf ON vectors USING ivfflat (v vector_l2_ops) WITH (lists = 5);

CREATE TABLE parents (
    id integer GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT 5) PRIMARY KEY,
    code text NOT NULL UNIQUE, created timestamptz NOT NULL DEFAULT now(), flag boolean DEFAULT true, label text DEFAULT 'a ''quoted'' text', amount numeric(8, 3) DEFAULT 1.500, self integer REFERENCES parents (id) ON DELETE SET NULL
);
INSERT INTO parents (code) VALUES ('a'), ('b'), ('c');
UPDATE parents SET self = 100 WHERE code <> 'a';
CREATE TABLE children (
    parent integer NOT NULL REFERENCES parents (id) ON DELETE CASCADE ON UPDATE RESTRICT,
    n smallint NOT NULL, note varchar(30), uid uuid DEFAULT gen_random_uuid(), day date DEFAULT CURRENT_DATE,
    PRIMARY KEY (parent, n), CONSTRAINT children_note_n_key UNIQUE (note, n)
);
INSERT INTO children (parent, n, note) VALUES (100, 1, 'x'), (100, 2, 'y'), (105, 1, NULL), (110, 1, NULL);
CREATE INDEX children_note_idx ON children (note DESC NULLS LAST, n);

CREATE TABLE "Odd ""Name"" 🚢" ("sel""ect" integer PRIMARY KEY, "order" text, "with space" text, "UPPER" text, "new
line" text, "%s" text, "x""; DROP TABLE y;--" text);
INSERT INTO "Odd ""Name"" 🚢" VALUES (1, 'a', 'b', 'c', 'd', 'e', 'f');
CREATE TABLE "user" (id text PRIMARY KEY, "references" text);
INSERT INTO "user" VALUES ('k1', 'x'), ('k2', NULL);
CREATE TABLE empty_table (id bigserial PRIMARY KEY, v vector(1536), t text);
CREATE TABLE only_nulls (a integer, b text, v vector(2));
INSERT INTO only_nulls SELECT NULL, NULL, NULL FROM generate_series(1, 5);
CREATE TABLE no_key (a integer, b text);
INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), (NULL, NULL);
