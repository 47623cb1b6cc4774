/*
 * Dates, times and intervals as texts, and back: proleptic Gregorian calendar, ISO 8601, no time zone database.
 *
 * Written form: date "2024-02-29", year below 1 or above 9999 with a sign and at least four digits as ISO 8601 expands them ("-0043-03-15" is 44 BC,
 * "+294276-12-31"); time "13:05:00" with as many decimals as needed, at most 6; timestamp "2024-02-29 13:05:00.25"; timestamptz
 * "2024-02-29T13:05:00.25Z"; "infinity", "-infinity"; interval as ISO 8601 duration with signs a part: "P1Y2M-3DT4H5M6.5S", zero is "PT0S".
 * Readers take these and the usual variants: "T" or blank, zone "Z", "+05", "+05:30", "+0530" (timestamptz; without a zone it is UTC), decimals of 1 to 6
 * digits (more: VF_VALUE unless zeros), PostgreSQL's " BC" suffix, 24:00:00, second 60 (the next minute). A date that doesn't exist is false.
 */
#ifndef VF_MODEL_TEMPORAL_H
#define VF_MODEL_TEMPORAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/type.h"

#define VF_TEMPORAL_TEXT_BYTES 80

/* Each writes a NUL-terminated text into `out` (VF_TEMPORAL_TEXT_BYTES) and returns its length. */
size_t vf_date_format(int32_t days, char *out);
size_t vf_time_format(int64_t time_us, char *out);
size_t vf_timestamp_format(int64_t timestamp_us, bool with_zone, char *out);
size_t vf_interval_format(struct vf_interval interval, char *out);

/* The whole text or false. A timestamp without zone refuses a zone suffix: it would have to be dropped in silence. */
bool vf_date_parse(const char *text, size_t size_bytes, int32_t *days);
bool vf_time_parse(const char *text, size_t size_bytes, int64_t *time_us);
bool vf_timestamp_parse(const char *text, size_t size_bytes, bool with_zone, int64_t *timestamp_us);
bool vf_interval_parse(const char *text, size_t size_bytes, struct vf_interval *interval);

/* From a number since 1970 (unit: 1 for seconds, 1000 for milliseconds, 1000000 for microseconds); false: out of range. Back: false when a part of a unit would be lost. */
bool vf_timestamp_from_epoch(int64_t value, int64_t units_per_second, int64_t *timestamp_us);
bool vf_timestamp_to_epoch(int64_t timestamp_us, int64_t units_per_second, int64_t *value);
/* From a julian day number, rounded to the millisecond as SQLite does. */
bool vf_timestamp_from_julian(double julian_day, int64_t *timestamp_us);

bool vf_uuid_parse(const char *text, size_t size_bytes,
                   uint8_t uuid[16]); /* with or without dashes, braces; any case */
void vf_uuid_format(const uint8_t uuid[16], char out[37]);

#endif
