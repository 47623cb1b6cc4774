-- A self-hosted music server: its library, and an embedding of each track. Names, keys and junctions as such a server's own migrations make them.
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE "MusicLibraries" (
    "Id" uuid PRIMARY KEY,
    "Name" varchar(200) NOT NULL,
    "RootPath" text NOT NULL UNIQUE,
    "CreatedAt" timestamptz NOT NULL DEFAULT now());
CREATE TABLE "AudioFiles" (
    "Id" uuid PRIMARY KEY,
    "MusicLibraryId" uuid NOT NULL REFERENCES "MusicLibraries" ("Id") ON DELETE CASCADE,
    "Path" text NOT NULL,
    "SizeBytes" bigint NOT NULL,
    "ModifiedAt" timestamptz NOT NULL);
CREATE UNIQUE INDEX "IX_AudioFiles_MusicLibraryId_Path" ON "AudioFiles" ("MusicLibraryId", "Path");
CREATE TABLE "AudioMetadata" (
    "AudioFileId" uuid PRIMARY KEY REFERENCES "AudioFiles" ("Id") ON DELETE CASCADE,
    "Codec" varchar(16) NOT NULL,
    "Bitrate" integer NOT NULL,
    "SampleRate" integer NOT NULL,
    "Gain" double precision,
    "Tags" jsonb NOT NULL DEFAULT '{}');
CREATE TABLE "Artists" (
    "Id" uuid PRIMARY KEY,
    "Name" text NOT NULL,
    "ArtworkPaths" text[] NOT NULL DEFAULT '{}');
CREATE INDEX "IX_Artists_Name" ON "Artists" ("Name");
CREATE TABLE "RecordLabels" (
    "Id" uuid PRIMARY KEY,
    "Name" text NOT NULL UNIQUE);
CREATE TABLE "Albums" (
    "Id" uuid PRIMARY KEY,
    "Name" text NOT NULL,
    "ReleaseYear" smallint,
    "RecordLabelId" uuid REFERENCES "RecordLabels" ("Id") ON DELETE SET NULL,
    "CreatedAt" timestamptz NOT NULL);
CREATE INDEX "IX_Albums_Name_ReleaseYear" ON "Albums" ("Name", "ReleaseYear");
CREATE TABLE "AlbumArtists" (
    "AlbumId" uuid NOT NULL REFERENCES "Albums" ("Id") ON DELETE CASCADE,
    "ArtistId" uuid NOT NULL REFERENCES "Artists" ("Id") ON DELETE CASCADE,
    PRIMARY KEY ("AlbumId", "ArtistId"));
CREATE TABLE "AlbumArtistWithRole" (
    "AlbumId" uuid NOT NULL REFERENCES "Albums" ("Id") ON DELETE CASCADE,
    "ArtistId" uuid NOT NULL REFERENCES "Artists" ("Id") ON DELETE CASCADE,
    "Role" integer NOT NULL,
    PRIMARY KEY ("AlbumId", "ArtistId", "Role"));
CREATE TABLE "Artworks" (
    "Id" uuid PRIMARY KEY,
    "AlbumId" uuid NOT NULL REFERENCES "Albums" ("Id") ON DELETE CASCADE,
    "Paths" jsonb NOT NULL,
    "Colors" text[]);
CREATE TABLE "Genres" (
    "Id" uuid PRIMARY KEY,
    "Name" text NOT NULL UNIQUE);
CREATE TABLE "Tracks" (
    "Id" uuid PRIMARY KEY,
    "Title" text NOT NULL,
    "AlbumId" uuid NOT NULL REFERENCES "Albums" ("Id") ON DELETE CASCADE,
    "AudioFileId" uuid NOT NULL UNIQUE REFERENCES "AudioFiles" ("Id"),
    "GenreId" uuid REFERENCES "Genres" ("Id") ON DELETE SET NULL,
    "TrackNumber" integer,
    "DurationInSeconds" double precision,
    "Description" text,
    "CreatedAt" timestamptz NOT NULL,
    "UpdatedAt" timestamptz NOT NULL);
CREATE INDEX "IX_Tracks_AlbumId_TrackNumber" ON "Tracks" ("AlbumId", "TrackNumber");
-- Role: 0 main, 1 remixer, 2 producer
CREATE TABLE "ArtistOnTracks" (
    "TrackId" uuid NOT NULL REFERENCES "Tracks" ("Id") ON DELETE CASCADE,
    "ArtistId" uuid NOT NULL REFERENCES "Artists" ("Id") ON DELETE CASCADE,
    "Role" integer NOT NULL,
    PRIMARY KEY ("TrackId", "ArtistId", "Role"));
CREATE TABLE "Playlists" (
    "Id" uuid PRIMARY KEY,
    "Name" text NOT NULL,
    "CreatedAt" timestamptz NOT NULL);
CREATE TABLE "PlaylistTracks" (
    "PlaylistId" uuid NOT NULL REFERENCES "Playlists" ("Id") ON DELETE CASCADE,
    "Position" integer NOT NULL,
    "TrackId" uuid NOT NULL REFERENCES "Tracks" ("Id") ON DELETE CASCADE,
    PRIMARY KEY ("PlaylistId", "Position"));
CREATE TABLE "FavoriteTracks" ("TrackId" uuid PRIMARY KEY REFERENCES "Tracks" ("Id") ON DELETE CASCADE, "CreatedAt" timestamptz NOT NULL);
CREATE TABLE "FavoriteAlbums" ("AlbumId" uuid PRIMARY KEY REFERENCES "Albums" ("Id") ON DELETE CASCADE, "CreatedAt" timestamptz NOT NULL);
CREATE TABLE "FavoriteArtists" ("ArtistId" uuid PRIMARY KEY REFERENCES "Artists" ("Id") ON DELETE CASCADE, "CreatedAt" timestamptz NOT NULL);
CREATE TABLE "Keywords" ("Id" uuid PRIMARY KEY, "Word" text NOT NULL UNIQUE);
CREATE TABLE "KeywordTrack" (
    "KeywordsId" uuid NOT NULL REFERENCES "Keywords" ("Id") ON DELETE CASCADE,
    "TracksId" uuid NOT NULL REFERENCES "Tracks" ("Id") ON DELETE CASCADE,
    PRIMARY KEY ("KeywordsId", "TracksId"));
CREATE INDEX "IX_KeywordTrack_TracksId" ON "KeywordTrack" ("TracksId");
CREATE TABLE "TrackEmbeddings" (
    "Id" uuid PRIMARY KEY,
    "TrackId" uuid NOT NULL UNIQUE REFERENCES "Tracks" ("Id") ON DELETE CASCADE,
    "Embedding" vector(1280) NOT NULL,
    "CreatedAt" timestamptz NOT NULL,
    "UpdatedAt" timestamptz NOT NULL);
